#include "serve/streams.h"

#include <microhttpd.h>

#include <algorithm>
#include <cstring>

namespace qualm::serve {

bool Streams::fill(Stream& stream) const {
  EventChunk chunk = stream.source(stream.after);
  stream.after = chunk.last;
  stream.ended = chunk.ended;
  stream.pending = std::move(chunk.text);
  stream.sent = 0;
  const auto now = Stream::Clock::now();
  if (stream.pending.empty() && !stream.ended && now - stream.last >= heartbeat_)
    stream.pending = ": still here\n\n";
  if (stream.pending.empty()) return false;
  stream.last = now;
  return true;
}

std::ptrdiff_t Streams::read(Stream& stream, char* to, std::size_t most) {
  // Whoever has news takes the same lock to wake the streams: none falls asleep beside it.
  const std::lock_guard lock(mutex_);
  if (stream.sent == stream.pending.size()) {
    if (stream.ended) return kEnd;
    if (!fill(stream)) {
      if (stream.ended || closed_) return kEnd;
      waiting_.insert(&stream);
      ::MHD_suspend_connection(stream.connection);
      return 0;
    }
  }
  const std::size_t n = std::min(most, stream.pending.size() - stream.sent);
  std::memcpy(to, stream.pending.data() + stream.sent, n);
  stream.sent += n;
  return static_cast<std::ptrdiff_t>(n);
}

void Streams::begin() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void Streams::forget(Stream& stream) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(&stream);
  --open_;
  gone_.notify_all();
}

void Streams::resume_all() {
  for (const Stream* stream : waiting_) ::MHD_resume_connection(stream->connection);
  waiting_.clear();
}

void Streams::wake() {
  const std::lock_guard lock(mutex_);
  resume_all();
}

void Streams::tick() {
  const std::lock_guard lock(mutex_);
  const auto now = Stream::Clock::now();
  std::erase_if(waiting_, [&](const Stream* stream) {
    const bool due = now - stream->last >= heartbeat_;
    if (due) ::MHD_resume_connection(stream->connection);
    return due;
  });
}

void Streams::close(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  resume_all();
  gone_.wait_for(lock, patience, [this] { return open_ == 0; });
}

}  // namespace qualm::serve
