// What a check finds: data first, and the sentences that go with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "numeric/estimate.h"

namespace qualm::diagnose {

enum class CheckId : std::uint8_t;  // checks.h

enum class Status { cause, contributes, cleared, not_examined, cannot_tell };
[[nodiscard]] std::string_view to_string(Status status) noexcept;

enum class Verdict {
  healthy,
  problem,
  cannot_tell,
  none_found,  ///< no problem found, and the original was not there to compare with
};
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

/// Which side of a line an interval lies on; not separated where it spans it or is absent.
enum class Side { below, above, not_separated };

struct Evidence {
  std::string name;  ///< machine name: "kld_mean", "bits_per_weight"
  std::optional<numeric::Estimate> value;
  std::string unit;
  std::string says;  ///< one sentence for a person, with the numbers in it
};

enum class FaultKind {
  container,          ///< the runtime that was named does not load this format
  not_loaded,         ///< libllama loads the original and not this file
  integrity,          ///< a tensor with NaN, zeros or rows of one value
  mislabelled,        ///< the file contradicts itself
  mismatched_tensor,  ///< not the original's, among others that are
  vocabulary,         ///< other tokens than the original's
  tokenizer,          ///< throws at plain text, or splits it into other tokens
  key,                ///< a metadata key that changes answers
  tensors,            ///< tensors missing, additional or of another shape
  chat_template,
  lost_logits,  ///< NaN or infinite logits at positions where the reference's are finite
  context,      ///< run with more tokens than it was trained for
  adapter,      ///< a LoRA that does not fit the model it is loaded with
  sampling,     ///< sampler settings that spoil answers of any model
  runtime,      ///< the kernels of this device, not the weights
  server,       ///< how its server runs it, not the weights
};

/// What a fault does to the loss on a given text.
enum class Effect {
  prompts,  ///< nothing: it changes prompts or where answers end, and yields to a measured loss
  tokens,   ///< the text reaches the model as other tokens, or the model does not run
  weights,  ///< it changes how the weights are used: the loss of their bits cannot be measured
};

/// How a key becomes the original's.
struct Mend {
  enum class How { set, copy, remove };
  How how = How::set;
  std::string value = {};  ///< to set, as text
};

/// Something wrong with the files, whatever the bits.
struct Fault {
  FaultKind kind = FaultKind::key;
  Effect effect = Effect::tokens;
  std::string where;                      ///< metadata key or tensor; also the name of its evidence
  std::vector<std::string> tensors = {};  ///< all tensors that it concerns
  std::string says;
  std::optional<numeric::Estimate> value = std::nullopt;
  std::string unit = {};
  std::optional<Mend> mend = std::nullopt;  ///< of the key `where`, in the candidate
};

enum class Grade { lossless, very_small, small, noticeable, large, broken };
[[nodiscard]] std::string_view to_string(Grade grade) noexcept;

/// Grades that an interval allows.
struct Grades {
  Grade least = Grade::lossless;
  Grade most = Grade::lossless;
};

/// The three answers about a loss (docs/method.md, Three questions about a loss): how large, more
/// than its type should cost, more than acceptable. An answer that is absent is not known.
struct Loss {
  std::optional<numeric::Estimate> kld = std::nullopt;         ///< mean, nat/token
  std::optional<numeric::Estimate> ppl_change = std::nullopt;  ///< a fraction
  std::optional<Grades> grades = std::nullopt;
  /// Its KLD divided by that of the original rounded to nearest to the same types; exactly 1 where
  /// the file is that round-to-nearest.
  std::optional<numeric::Estimate> excess = std::nullopt;
  Side excessive = Side::not_separated;  ///< certainly more than kMostExcess times
  Side line = Side::not_separated;       ///< against the acceptable loss
  /// KLD that goes away where the weights are decoded before they are run. Absent where the loss is
  /// so large that it does not matter.
  std::optional<numeric::Estimate> runtime_share = std::nullopt;
};

/// Where something is not known because of --budget.
inline constexpr const char* kLeftOut = "not done: no time left (--budget)";
inline constexpr const char* kMoreTime = "more time (--budget)";

struct Finding {
  CheckId check{};
  /// The check's own answer. conclude() may change it.
  Status status = Status::not_examined;
  std::string headline = {};                              ///< one line for the table
  std::optional<numeric::Estimate> share = std::nullopt;  ///< of the KLD, 0..1
  std::vector<Fault> faults = {};                         ///< the first one is the headline
  std::vector<Evidence> evidence = {};
  std::vector<std::string> needs = {};  ///< what would have to be given to examine it, or to tell
  std::optional<Loss> loss = std::nullopt;
  bool left_out = false;   ///< something that it needs was left out: it clears nothing
  bool estimated = false;  ///< it rests on an estimate of the original: likely, not certain
  std::vector<std::string> tensors = {};  ///< shell patterns of the tensors that are to blame
};

/// It is to blame, alone or with others.
[[nodiscard]] inline bool to_blame(const Finding& finding) noexcept {
  return finding.status == Status::cause || finding.status == Status::contributes;
}

[[nodiscard]] Evidence fact(const std::string& name, const std::string& says);

}  // namespace qualm::diagnose
