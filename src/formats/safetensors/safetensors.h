// The safetensors container, one file or many under an index.
//
//   file:  u64 little-endian n | n bytes of JSON | data
//   JSON:  {"__metadata__": {string: string}, name: {"dtype", "shape", "data_offsets": [begin,
//   end]}}
//
// Offsets count from the start of the data. Accepts what the reference implementation accepts
// (safetensors/src/tensor.rs, read_metadata and validate) and refuses what it refuses; stricter in
// one point, that the format's text demands and the reference leaves to its JSON parser: names are
// unique.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "codec/part.h"
#include "model/checkpoint.h"

namespace qualm::safetensors {

/// The tensors of a model, whatever the number of files. Borrows from the files it keeps alive.
class Container {
 public:
  /// In file order, then in the order of the bytes; names unique over all files.
  [[nodiscard]] const std::vector<codec::Part>& tensors() const noexcept { return tensors_; }
  [[nodiscard]] const codec::Part* find(std::string_view name) const noexcept;
  /// All files' __metadata__; where two files disagree on a key, the first file's value.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept {
    return metadata_;
  }
  /// Every byte of every file attributed: length and JSON (header), tensors.
  [[nodiscard]] const std::vector<model::SourceFile>& files() const noexcept { return files_; }
  /// Worth telling, but no reason to refuse: a tensor that the index does not name, a total_size
  /// that is not the sum of the tensors.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }

  /// Adds the tensors of one more file. Errors: ST-001 .. ST-013 below, ST-014 a name held twice.
  [[nodiscard]] Result<void> add(const std::shared_ptr<const FileSource>& file);
  void note(std::string text) { notes_.push_back(std::move(text)); }

 private:
  std::vector<codec::Part> tensors_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::map<std::string, std::string> metadata_;
  std::vector<model::SourceFile> files_;
  std::vector<std::string> notes_;
};

/// One file. Errors (in brackets the reference's name for it):
///   ST-001 shorter than 8 bytes [HeaderTooSmall]      ST-002 header over 100 MB [HeaderTooLarge]
///   ST-003 header longer than the file [InvalidHeaderLength]
///   ST-004 header not UTF-8 [InvalidHeader]           ST-005 not JSON, a wrong type, a name twice
///   ST-006 unknown dtype [both InvalidHeaderDeserialization]
///   ST-007 hole, overlap, end before begin [InvalidOffset]
///   ST-008 size is not what dtype and shape need [TensorInvalidInfo]
///   ST-009 shape overflows [ValidationOverflow]       ST-010 not whole bytes [MisalignedSlice]
///   ST-011 file longer or shorter than the tensors [MetadataIncompleteBuffer]
///   ST-012 another kind of file, named (GGUF, pickle, ZIP, ...), ST-013 more elements than int64
///   holds
[[nodiscard]] Result<Container> open_file(const std::shared_ptr<const FileSource>& file);

/// How an index's file names become files; tests and fuzzers pass their own.
using Opener = std::function<Result<std::shared_ptr<const FileSource>>(const std::string& path)>;

/// A sharded model: `index` is model.safetensors.index.json, its shards lie in the same folder.
/// Errors: ST-020 index not as expected, ST-021 a file name that is not plain (has '/', '..', ...),
/// ST-022 a shard is missing, ST-023 a tensor is not in the file the index names; a shard's own.
[[nodiscard]] Result<Container> open_index(const std::shared_ptr<const FileSource>& index,
                                           const Opener& opener = map_file);

/// A file, an index, or a folder. In a folder: the index if there is one, else model.safetensors,
/// else all *.safetensors (EXL2 and old GPTQ write shards without an index), in name order.
/// Errors: ST-030 a folder without any (tells of *.bin, *.pt, *.gguf seen instead); FILE-*.
[[nodiscard]] Result<Container> open(const std::string& path);

}  // namespace qualm::safetensors
