// What a model file is, from its header alone: totals by class and type, tokenizer, provenance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "model/tensor_class.h"
#include "model/tokenizer.h"

namespace qualm::model {

struct Total {
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
  std::int64_t parameters = 0;

  void add(const Tensor& tensor) noexcept;
  [[nodiscard]] double bits_per_weight() const noexcept;  ///< 0 without parameters
};

struct TypeTotal {
  std::string type;  ///< Encoding::name
  Total total;
};

struct ClassTotal {
  TensorClass tensor_class = TensorClass::other;
  Total total;
  std::vector<std::string> types;  ///< found in it, most weights first
};

struct Experts {
  std::int64_t count = 0;
  std::optional<std::int64_t> used;  ///< per token; absent where the file does not say
};

/// The label of the file, and the type that most weights of its matrices have in truth.
struct FileType {
  std::int64_t id = 0;   ///< general.file_type without the mark below
  std::string label;     ///< "Q4_K_M"; "" for an id that is not known
  bool guessed = false;  ///< the writer marked it as a guess
  std::string most_used;
  double share = 0;    ///< of the matrices' weights that have it
  bool agrees = true;  ///< label and most_used go together; true where the label is not known
  /// The type that most_used stands for, where llama-quantize could not store it: rows of `row`
  /// weights are no multiple of its 256. Empty where nothing was replaced.
  std::string replaced;
  std::int64_t row = 0;
};

/// A property of the file that has been seen to go with damage. Not a verdict.
struct Risk {
  std::string id;    ///< stable: "below_floor"
  std::string says;  ///< one sentence, with the numbers
};

/// The file says that it was made with an importance matrix (quantize.imatrix.*).
[[nodiscard]] bool names_importance(const Metadata& metadata) noexcept;

/// "general.name is "X-AWQ": the file may be a quant of a quant": a GGUF whose names tell of
/// another quantizer.
[[nodiscard]] std::optional<std::string> named_quantizer(const Checkpoint& checkpoint);

struct Anatomy {
  std::vector<TypeTotal> types;     ///< most weights first
  std::vector<ClassTotal> classes;  ///< in the order of TensorClass; only those present
  Total matrices;                   ///< two dimensions and more, embeddings and head left out
  TokenizerSummary tokenizer;
  /// Keys that tell where the file comes from, in file order, with their values for a person.
  /// What they say are claims of whoever wrote the file.
  std::vector<std::pair<std::string, std::string>> provenance;
  std::optional<Experts> experts;              ///< absent for dense models
  std::optional<std::int64_t> context_length;  ///< the model was trained for
  std::optional<FileType> file_type;           ///< absent where the file has no label
};

[[nodiscard]] Anatomy anatomy(const Checkpoint& checkpoint);

/// Bits per weight of the layers' matrices: the minimum of the troubleshooting guide.
inline constexpr double kFloorBits = 4.0;

/// In the order of the troubleshooting checks. Reads the data of key biases, of nothing else.
[[nodiscard]] std::vector<Risk> static_risks(const Checkpoint& checkpoint, const Anatomy& anatomy);

}  // namespace qualm::model
