// GGUF, versions 2 and 3, one file or the shards of llama-gguf-split.
//
//   "GGUF" | u32 version | i64 tensors | i64 pairs | pairs | tensor infos | padding | data
//   pair:         string key | i32 type | value             string: u64 length | bytes
//   array value:  i32 element type | u64 count | elements
//   tensor info:  string name | u32 n | n x i64 dims | i32 ggml type | u64 offset into the data
//
// Tensors follow each other in the order of their infos, each padded to general.alignment (32).
// Accepts what libggml's gguf_init_from_file accepts and refuses what it refuses. Stricter, because
// somebody reads the data afterwards: tensors must lie inside the file; the product of all non-zero
// dims must fit (libggml lets any shape with a zero pass); no NUL in keys and tensor names
// (libggml cuts names there); 2^26 array elements in one file altogether.
// Nothing of the tensor data is touched: reading costs what the metadata costs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "model/checkpoint.h"

namespace qualm::gguf {

/// How the names of further shards become files; tests and fuzzers pass their own.
using Opener = std::function<Result<std::shared_ptr<const FileSource>>(const std::string& path)>;

/// A single file or the first shard; the others are looked for beside it. Every byte of every file
/// is attributed in Checkpoint::files. Errors: FILE-* and
///   GGUF-001 ends inside a field           GGUF-002 a count that the file cannot hold
///   GGUF-003 a string it cannot hold       GGUF-004 something else than a GGUF, named if known
///   GGUF-005 big-endian                    GGUF-006 version below 2
///   GGUF-007 version above 3               GGUF-008 key empty, or with a NUL
///   GGUF-009 the same key twice            GGUF-010 unknown value type
///   GGUF-011 array of arrays               GGUF-012 too many array elements
///   GGUF-013 general.alignment             GGUF-014 tensor name too long, or with a NUL
///   GGUF-015 the same tensor name twice    GGUF-016 more than 4 dimensions
///   GGUF-017 negative dimension            GGUF-018 shape or size overflows
///   GGUF-019 unknown tensor type           GGUF-020 removed tensor type
///   GGUF-021 tensor type of ik_llama.cpp   GGUF-022 row is not whole blocks
///   GGUF-023 hole, overlap, unaligned      GGUF-024 tensor reaches past the end of the file
///   GGUF-025 a later shard was given       GGUF-026 shard not named as the scheme demands
///   GGUF-027 a shard is missing            GGUF-028 a shard of another set
///   GGUF-029 shards lack tensors           GGUF-030 more metadata than memory
///   GGUF-031 shards joined with cat
[[nodiscard]] Result<model::Checkpoint> read(const std::string& path);
[[nodiscard]] Result<model::Checkpoint> read(const std::shared_ptr<const FileSource>& first,
                                             const Opener& opener = map_file);

}  // namespace qualm::gguf
