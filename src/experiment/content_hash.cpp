#include "experiment/content_hash.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>

#include "base/file.h"

namespace qualm::experiment {
namespace {

constexpr std::size_t kStep = std::size_t{64} << 20;

}  // namespace

Result<std::string> content_hash(const model::Checkpoint& checkpoint, Progress& progress) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                       &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::uint64_t done = 0;
  for (const model::SourceFile& file : checkpoint.files) {
    QUALM_TRY(const auto source, map_file(file.path));
    auto left = source->bytes();
    const std::uint64_t size = left.size();
    XXH3_128bits_update(state.get(), &size, sizeof(size));
    while (!left.empty()) {
      if (progress.cancelled())
        return fail({Kind::cancelled, "APP-002", file.path, "", "to read the file",
                     "stopped on request", ""});
      const auto part = left.first(std::min(kStep, left.size()));
      XXH3_128bits_update(state.get(), part.data(), part.size());
      left = left.subspan(part.size());
      done += part.size();
      source->release_pages();
      progress.update("reading " + checkpoint.path, static_cast<std::int64_t>(done >> 20),
                      static_cast<std::int64_t>(checkpoint.file_bytes() >> 20));
    }
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace qualm::experiment
