// A reference pack (.qref): what the original says of texts, in a file, for those who do not have
// the original. docs/packs.md.
//
// A safetensors file. Its key "qualm.reference" holds JSON: version, original, texts, types, noise
// floor, its own error. Of each text NAME, with W windows of C tokens and R scored positions in a
// window:
//   NAME/text     U8  [bytes]     the text
//   NAME/tokens   I32 [W, C]      the text split by the original's tokenizer
//   NAME/order    I32 [W]         in which the windows are read
//   NAME/nll      F64 [W*R]       -ln P of the token that follows; NaN: the logits were not finite
//   NAME/rest     F64 [W*R]       mass of the tokens that are not in `top`
//   NAME/top.id, NAME/top.log_p   I32, F32 [W*R, 128]   the likeliest tokens; -1: none
//   NAME/drawn.id, NAME/drawn.log_p  I32, F32 [W*R, 32]  tokens drawn from the rest by P; -1: none
// and of each quant type TYPE made from the original:
//   NAME/TYPE/nll, NAME/TYPE/kld  F32 [W*R]
//   NAME/TYPE/flags               U8  [W*R]   1: the same top token, 2: finite, 4: lost
//
// A pack is untrusted: the reader refuses all that contradicts itself. Forged distributions cannot
// be seen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "evaluate/kept_rows.h"
#include "evaluate/measurement.h"
#include "evaluate/text_windows.h"
#include "numeric/estimate.h"

namespace qualm::experiment {

/// Tokens of a row in a pack.
inline constexpr std::size_t kPackTokens = 128;
inline constexpr int kPackVersion = 1;

struct PackText {
  std::string name;    ///< "prose"
  std::string source;  ///< name of its file, without a folder
  bool given = false;  ///< by whoever made the pack, not one that comes with qualm
  std::string text;
  evaluate::TextWindows windows;
  std::vector<std::shared_ptr<const evaluate::KeptWindow>> kept;  ///< by index of the window
  /// Scores of PackType `i` against the original, by index of the window.
  std::vector<std::vector<evaluate::WindowScores>> scores;
};

/// The original as a quant type of llama-quantize.
struct PackType {
  std::string name;  ///< "Q4_K_M"
  std::int64_t bytes = 0;
};

struct PackOriginal {
  std::string file;  ///< name of its file, without a folder
  std::string name;  ///< as it calls itself, or empty
  std::string architecture;
  std::string type;  ///< "F16"
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  std::string content_hash;
};

/// What thinning the distributions does to the KLD of a type: this much of the KLD that the pack
/// gives is not the type's.
struct PackError {
  std::string type;  ///< "Q4_K_M"
  evaluate::KeptError kld;
};

struct ReferencePack {
  PackOriginal original;
  std::string made_with;  ///< qualm and libllama, with versions
  std::string tokenizer_hash;
  std::int64_t vocab_size = 0;
  std::vector<PackType> types;       ///< none: the pack has no ladder
  numeric::Metric noise_floor{};     ///< of the original on the machine that made the pack
  std::optional<PackError> error{};  ///< absent: not measured when it was made
  std::vector<PackText> texts;       ///< all with windows of one size; the first is to be judged on
  std::string digest{};              ///< SHA-256 of the file, where it was read
};

/// Letters, digits, '_', '-' and '.', at most 64: a text or a type may be called so.
[[nodiscard]] bool is_pack_name(std::string_view name);
/// Of the original in cache keys: a pack vouches for nothing but itself.
[[nodiscard]] std::string identity_of(const ReferencePack& pack);
/// PACK-007: `what` needs the original's weights, which a pack does not hold.
[[nodiscard]] Error original_needed(const std::string& what);

/// Errors: FILE-010, FILE-011.
[[nodiscard]] Result<void> write_pack(const ReferencePack& pack, const std::string& path);

/// Errors: ST-*, and
///   PACK-001 no reference pack, PACK-002 of another version, PACK-003 a key is missing or wrong,
///   PACK-004 a tensor is missing or has another shape, PACK-005 a number that cannot be.
[[nodiscard]] Result<ReferencePack> read_pack(const std::shared_ptr<const FileSource>& file);

/// The original that a pack was made of, from its header alone. Errors: ST-*, PACK-001 to PACK-003.
[[nodiscard]] Result<PackOriginal> original_of_pack(const std::shared_ptr<const FileSource>& file);

/// Whether a file says that it is a pack, by its first bytes.
[[nodiscard]] bool looks_like_pack(const FileSource& file);

}  // namespace qualm::experiment
