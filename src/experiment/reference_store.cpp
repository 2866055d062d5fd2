#include "experiment/reference_store.h"

#include <fmt/format.h>

#include "experiment/kept_blob.h"

namespace qualm::experiment {
namespace {

using evaluate::KeptWindow;

constexpr std::int64_t kMostOfBlob = 900'000'000;  // SQLite takes 10^9 bytes

std::string key_of(const std::pair<std::string, std::int32_t>& id) {
  return fmt::format("{}|{}", id.first, id.second);
}

}  // namespace

class ReferenceStore::Windows final : public evaluate::Reference {
 public:
  Windows(ReferenceStore& store, std::string key) : store_(store), key_(std::move(key)) {}
  std::shared_ptr<const KeptWindow> find(std::int32_t window) override {
    return store_.find({key_, window});
  }
  void keep(std::int32_t window, std::shared_ptr<const KeptWindow> kept) override {
    store_.keep({key_, window}, std::move(kept));
  }

 private:
  ReferenceStore& store_;
  std::string key_;
};

std::unique_ptr<evaluate::Reference> ReferenceStore::of(std::string key) {
  return std::make_unique<Windows>(*this, std::move(key));
}

std::shared_ptr<const KeptWindow> ReferenceStore::find(const Id& id) {
  if (const auto it = by_id_.find(id); it != by_id_.end()) {
    held_.splice(held_.begin(), held_, it->second);
    return held_.front().window;
  }
  const auto blob = blobs_->recall(key_of(id));
  if (!blob) return nullptr;
  auto window = from_blob(*blob);
  if (!window) return nullptr;
  auto shared = std::make_shared<const KeptWindow>(std::move(*window));
  hold(id, shared);
  return shared;
}

void ReferenceStore::keep(const Id& id, std::shared_ptr<const KeptWindow> window) {
  if (bytes_of(*window) < kMostOfBlob) blobs_->remember(key_of(id), to_blob(*window));
  hold(id, std::move(window));
}

void ReferenceStore::hold(const Id& id, std::shared_ptr<const KeptWindow> window) {
  if (const auto it = by_id_.find(id); it != by_id_.end()) {
    held_bytes_ -= it->second->bytes;
    held_.erase(it->second);
  }
  const std::int64_t bytes = bytes_of(*window);
  held_.push_front({id, std::move(window), bytes});
  by_id_[id] = held_.begin();
  held_bytes_ += bytes;
  while (held_bytes_ > memory_ && !held_.empty()) {
    held_bytes_ -= held_.back().bytes;
    by_id_.erase(held_.back().id);
    held_.pop_back();
  }
}

}  // namespace qualm::experiment
