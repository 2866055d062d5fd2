// The one thing every reader fills and everything downstream reads.
//
// A Checkpoint is hyperparameters and tokenizer (Metadata under GGUF keys), and named tensors under
// canonical GGUF names, each readable as rows of floats, whatever encoding holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model/encoding.h"
#include "model/metadata.h"

namespace qualm::model {

/// The data of one tensor. Implementations borrow from files they keep alive, and are thread-safe.
class TensorData {
 public:
  virtual ~TensorData() = default;
  /// Decodes rows [first, first + count) to float32; out.size() == count * row length.
  /// Error: a tensor whose blocks cannot be decoded on this machine or that lie (CODEC-*).
  [[nodiscard]] virtual Result<void> rows(std::int64_t first, std::int64_t count,
                                          std::span<float> out) const = 0;
  /// The same matrix with each weight's step in its place: how far apart the values are that the
  /// weight could have had, and where its two neighbours are not equally far, how far the farther
  /// one is. So what was rounded to the nearest lies within half a step. Null where an encoding has
  /// no such thing: floats, and codes that stand for several weights at once (IQ2_*, EXL3).
  [[nodiscard]] virtual std::shared_ptr<const TensorData> steps() const { return nullptr; }
  /// The bytes as ggml lays them out, where encoding.ggml_type >= 0; empty where they lie otherwise
  /// in the file (rows permuted, experts apart).
  [[nodiscard]] virtual std::span<const std::byte> ggml_bytes() const noexcept { return {}; }
};

/// A static activation scale: the file says how the runtime rounds the inputs of this matrix,
/// whatever the text is.
struct InputScale {
  double scale = 0;         ///< between two codes of integers; of floats what their codes multiply
  double largest_code = 0;  ///< 127: 8-bit integers; 448: FP8 E4M3; 6 x 448: NVFP4, both its levels
  /// The largest input that is not cut off.
  [[nodiscard]] double range() const noexcept { return scale * largest_code; }
  [[nodiscard]] bool integers() const noexcept { return largest_code < 448; }
};

struct Tensor {
  std::string name;                ///< canonical GGUF name: "blk.0.attn_q.weight"
  std::vector<std::int64_t> dims;  ///< ne0 (contiguous, the input dimension) first; 0 to 4 of them
  Encoding encoding;
  std::int64_t bytes = 0;  ///< as stored, all parts (scales, zeros, indices) included
  std::shared_ptr<const TensorData> data;
  std::optional<InputScale> input_scale = std::nullopt;  ///< where the runtime rounds by one

  [[nodiscard]] std::int64_t parameters() const noexcept;  ///< product of dims
  [[nodiscard]] std::int64_t row_length() const noexcept;  ///< dims[0], or 1
  [[nodiscard]] std::int64_t row_count() const noexcept;   ///< parameters / row length
  [[nodiscard]] double bits_per_weight() const noexcept;   ///< 8 bytes / parameters
};

/// What each byte of a file is for. The regions of one file are in order, do not overlap and cover
/// it.
struct Region {
  enum class Kind { header, metadata, tensor_info, tensor, padding, trailing };
  Kind kind = Kind::header;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;  ///< tensor name where kind is tensor
};

struct SourceFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::vector<Region> regions;
  std::shared_ptr<const FileSource> source = nullptr;  ///< null where none is held
};

/// Something worth telling about a file that is no reason to refuse it.
struct Note {
  enum class Kind {
    remark,
    mislabelled,  ///< the file contradicts itself: runtimes that go by the label read it otherwise
  };
  std::string place;  ///< a file, "tensor blk.0.attn_q.weight", "config.json"; empty: not known yet
  std::string says;
  Kind kind = Kind::remark;
};

struct Checkpoint {
  std::string format;  ///< "GGUF v3", "safetensors", "EXL2", "GPTQ", "AWQ", ...
  std::string path;    ///< as the user gave it
  std::vector<SourceFile> files;
  Metadata metadata;
  std::vector<Tensor> tensors;  ///< in file order; names unique
  std::vector<Note> notes;
  /// What it lacks to be run, each as a noun phrase: "a tokenizer (no tokenizer.json ...)". With
  /// any, it can be inspected and compared, nothing more; libllama never sees it.
  std::vector<std::string> lacks;

  [[nodiscard]] const Tensor* find(std::string_view name) const noexcept;
  [[nodiscard]] std::string architecture() const;  ///< general.architecture, or ""
  /// {arch}.<suffix> as an integer: arch_integer("block_count").
  [[nodiscard]] std::optional<std::int64_t> arch_integer(std::string_view suffix) const;
  [[nodiscard]] std::int64_t parameters() const noexcept;
  [[nodiscard]] std::int64_t tensor_bytes() const noexcept;
  [[nodiscard]] std::uint64_t file_bytes() const noexcept;
  /// Bits of tensor data per parameter, as llama.cpp and exllama state it.
  [[nodiscard]] double bits_per_weight() const noexcept;
  /// No separate head: the embedding is the output matrix (and is quantized as one).
  [[nodiscard]] bool tied_embeddings() const noexcept;
  /// For walks over all weights, whose memory must not grow with the files: see FileSource.
  void release_pages() const noexcept;
};

}  // namespace qualm::model
