#include "formats/gguf/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "formats/gguf/shard.h"

namespace qualm::gguf {
namespace {

constexpr std::int64_t kMaxShards = std::numeric_limits<std::uint16_t>::max();

Error split_error(std::string code, const std::string& file, std::string expected,
                  std::string found, std::string advice) {
  return {Kind::input,      std::move(code),  file, "split", std::move(expected),
          std::move(found), std::move(advice)};
}

/// "-00002-of-00003.gguf" for no = 1, count = 3.
std::string shard_suffix(std::int64_t no, std::int64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", no + 1, count);
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The path of the shards up to their suffix, from the path of shard `no`.
std::optional<std::string> shard_prefix(const std::string& path, std::int64_t no,
                                        std::int64_t count) {
  const std::string suffix = shard_suffix(no, count);
  if (!path.ends_with(suffix)) return std::nullopt;
  return path.substr(0, path.size() - suffix.size());
}

/// 0 and 1 both mean a file by itself.
Result<std::int64_t> shard_count(const Shard& first) {
  if (!first.metadata.find("split.count")) return 1;
  const auto count = first.metadata.integer("split.count");
  if (count && *count >= 0 && *count <= kMaxShards) return *count;
  return fail(split_error("GGUF-028", first.source.path,
                          fmt::format("split.count from 0 to {}", kMaxShards),
                          model::to_text(*first.metadata.find("split.count")),
                          "The header is damaged: split the model anew with llama-gguf-split."));
}

/// Checks that `shard` says of itself that it is number `no` of `count`.
Result<void> check_place(const Shard& shard, std::int64_t no, std::int64_t count) {
  const auto its_no = shard.metadata.integer("split.no");
  const auto its_count = shard.metadata.integer("split.count");
  if (its_no == no && its_count == count) return {};
  const auto text = [](std::optional<std::int64_t> n) {
    return n ? fmt::format("{}", *n) : std::string("absent");
  };
  return fail(split_error(
      "GGUF-028", shard.source.path, fmt::format("split.no {} and split.count {}", no, count),
      fmt::format("split.no {} and split.count {}", text(its_no), text(its_count)),
      "The shards are of different models or were renamed: download the set anew."));
}

/// Where a second GGUF begins in a file, behind the last tensor: parts that `cat` put together.
std::optional<std::uint64_t> second_begins(const Shard& first) {
  const auto bytes = first.source.source->bytes();
  for (const model::Region& region : first.source.regions) {
    const bool behind =
        &region == &first.source.regions.back() || (region.kind == model::Region::Kind::padding &&
                                                    &region + 1 == &first.source.regions.back());
    const bool tensor = region.kind == model::Region::Kind::tensor;
    if (behind && !tensor && region.end - region.begin >= 4 &&
        std::memcmp(bytes.data() + region.begin, "GGUF", 4) == 0)
      return region.begin;
  }
  return std::nullopt;
}

Result<std::string> prefix_of_first(const Shard& first, std::int64_t count) {
  const std::string& path = first.source.path;
  if (const auto no = first.metadata.integer("split.no"); no && *no > 0 && *no < count) {
    const auto prefix = shard_prefix(path, *no, count);
    const std::string wanted = prefix ? *prefix + shard_suffix(0, count)
                                      : "the file that ends in " + shard_suffix(0, count);
    return fail(split_error("GGUF-025", path, "the first shard of the model",
                            fmt::format("shard {} of {}", *no + 1, count),
                            "Name the first one: " + wanted));
  }
  QUALM_CHECK(check_place(first, 0, count));
  if (const auto second = second_begins(first))
    return fail(split_error(
        "GGUF-031", path, fmt::format("shard 1 of {} alone", count),
        fmt::format("a second GGUF from byte {} on: the shards were joined with cat", *second),
        fmt::format("Shards are no pieces to be joined with cat: download them anew and name the "
                    "first one, or join them with llama-gguf-split --merge FIRST{} OUT.gguf.",
                    shard_suffix(0, count))));
  if (auto prefix = shard_prefix(path, 0, count)) return *std::move(prefix);
  return fail(split_error(
      "GGUF-026", path, fmt::format("a file name that ends in {}", shard_suffix(0, count)),
      file_name(path), "The other shards are found by this name: rename the file back."));
}

class Joiner {
 public:
  explicit Joiner(Shard first) : metadata_(std::move(first.metadata)) {
    checkpoint_.format = fmt::format("GGUF v{}", first.version);
    checkpoint_.path = first.source.path;
    take(first);
  }

  Result<void> add(Shard shard) {
    for (const model::Tensor& tensor : shard.tensors)
      if (names_.contains(tensor.name))
        return fail({Kind::input, "GGUF-015", shard.source.path, "tensor " + tensor.name,
                     "each tensor in one shard", "one that an earlier shard has, too",
                     "The shards are of different models: download the set anew."});
    take(shard);
    return {};
  }

  Result<model::Checkpoint> finish() && {
    const auto have = static_cast<std::int64_t>(checkpoint_.tensors.size());
    const auto wanted = metadata_.integer("split.tensors.count");
    if (checkpoint_.files.size() > 1 && wanted && *wanted != have)
      return fail(split_error(
          "GGUF-029", checkpoint_.path, fmt::format("{} tensors in all shards", *wanted),
          fmt::format("{}", have), "A shard is of another model: download the set anew."));
    checkpoint_.metadata = std::move(metadata_);
    return std::move(checkpoint_);
  }

 private:
  void take(Shard& shard) {
    for (const model::Tensor& tensor : shard.tensors) names_.insert(tensor.name);
    checkpoint_.files.push_back(std::move(shard.source));
    std::ranges::move(shard.tensors, std::back_inserter(checkpoint_.tensors));
  }

  model::Metadata metadata_;
  model::Checkpoint checkpoint_;
  std::unordered_set<std::string> names_;
};

Result<Shard> open_shard(const std::string& path, std::int64_t no, std::int64_t count,
                         const Opener& opener) {
  auto file = opener(path);
  if (!file && file.error().code == "FILE-001")
    return fail(split_error("GGUF-027", path, fmt::format("shard {} of {}", no + 1, count),
                            "nothing at this path",
                            "Put all shards of the model into one folder."));
  if (!file) return fail(std::move(file).error());
  QUALM_TRY(auto shard, read_shard(*file));
  QUALM_CHECK(check_place(shard, no, count));
  return shard;
}

Result<model::Checkpoint> read_all(const std::shared_ptr<const FileSource>& file,
                                   const Opener& opener) {
  QUALM_TRY(auto first, read_shard(file));
  QUALM_TRY(const auto count, shard_count(first));
  std::string prefix;
  if (count > 1) {
    QUALM_TRY(prefix, prefix_of_first(first, count));
  }
  Joiner joiner(std::move(first));
  for (std::int64_t no = 1; no < count; ++no) {
    QUALM_TRY(auto shard, open_shard(prefix + shard_suffix(no, count), no, count, opener));
    QUALM_CHECK(joiner.add(std::move(shard)));
  }
  return std::move(joiner).finish();
}

Error out_of_memory(const std::string& path) {
  return {Kind::input,
          "GGUF-030",
          path,
          "metadata",
          "metadata that fits into memory",
          "more",
          "Close other programs, or check that this is a model."};
}

}  // namespace

Result<model::Checkpoint> read(const std::shared_ptr<const FileSource>& first,
                               const Opener& opener) {
  try {
    return read_all(first, opener);
  } catch (const std::bad_alloc&) {
    return fail(out_of_memory(first->path()));
  } catch (const std::length_error&) {
    return fail(out_of_memory(first->path()));
  }
}

Result<model::Checkpoint> read(const std::string& path) {
  QUALM_TRY(const auto file, map_file(path));
  return read(file);
}

}  // namespace qualm::gguf
