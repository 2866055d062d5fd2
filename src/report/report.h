// What qualm has to say, as plain values: producers fill these, to_json makes the document of them.
//
// Nothing here knows how it will look. Fractions are 0..1, sizes are bytes, divergences nat/token.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "diagnose/conclusion.h"
#include "diagnose/facts.h"
#include "diagnose/ladder.h"
#include "diagnose/metadata_difference.h"
#include "engine/engine.h"
#include "evaluate/measurement.h"
#include "evaluate/noise_floor.h"
#include "numeric/estimate.h"
#include "probe/examine.h"
#include "report/hashes.h"
#include "report/model_card.h"
#include "report/models_report.h"
#include "report/server_card.h"
#include "report/where_lost.h"
#include "weights/comparison.h"
#include "weights/origin.h"

namespace qualm::report {

/// Goes up when a field is renamed, removed or changes its meaning; not when one is added.
inline constexpr int kSchemaVersion = 1;

struct Windows {
  std::int64_t read = 0;
  std::int64_t total = 0;
};

/// One pair of cache types, measured against the same weights with an F16 cache.
struct KvCell {
  std::string type_k;
  std::string type_v;
  evaluate::Metrics metrics;
  std::int64_t lost = 0;                   ///< positions where only the reference has finite logits
  std::optional<std::int64_t> bytes;       ///< of the cache at the context that was measured
  std::optional<std::int64_t> departs_at;  ///< first position where kld leaves the noise floor
  std::vector<evaluate::Bucket> by_position;
};

/// One candidate on one text.
struct MeasureResult {
  ModelCard candidate;
  std::string text;      ///< which text: a path or a corpus name
  std::string protocol;  ///< "default" or "llama.cpp"
  engine::Settings settings;
  evaluate::Measurement measurement;
  evaluate::NoiseFloor noise_floor;
  std::vector<std::string> file_notes{};  ///< how the candidate splits text otherwise
  std::vector<KvCell> kv{};               ///< empty: no grid was asked for
  std::optional<TokenView> tokens{};      ///< where details were asked for
  std::optional<ServerCard> server{};     ///< absent: the candidate is a file
  /// KLD that a server adds to that of the file that it runs.
  std::optional<numeric::Estimate> server_share{};
  Hashes hashes{};
  std::optional<std::int64_t> cache_bytes{};  ///< at the context that was measured; absent: unknown
};

/// One --fail-if condition on one candidate.
struct Gate {
  /// holds: the condition is true: FAIL, exit code 1. does_not_hold: it is false: PASS.
  /// lost: the candidate has no finite logits where the original has. No condition passes then.
  /// below: on perplexity, which is below the original's: that is no pass.
  enum class Outcome { holds, does_not_hold, cannot_tell, lost, below };
  std::string condition;  ///< as given: "ppl_change>1%"
  std::string candidate;  ///< path
  Outcome outcome = Outcome::cannot_tell;
  /// Smallest distance from the condition's number that this text shows; where it cannot be told.
  std::optional<double> detectable{};
};

/// A reference pack that stood in for the original.
struct ReferenceCard {
  std::string path;
  std::string original;      ///< name of the original's file
  std::string content_hash;  ///< of the original, as the pack says
  std::string made_with;
  std::vector<std::string> types;  ///< of the ladder
};

struct MeasureReport {
  Tool tool;
  std::optional<ModelCard> baseline;         ///< absent: the reference does not describe it
  std::optional<ReferenceCard> reference{};  ///< KLD is then an estimate
  std::vector<MeasureResult> results;
  std::vector<Gate> gates;
  std::optional<diagnose::Ladder> ladder{};  ///< of several candidates, or where a limit was given
  std::string command_line{};                ///< that made the report; empty: not known
};

struct Spent {
  double seconds = 0;         ///< wall clock
  std::int64_t passes = 0;    ///< windows that went through a model, all models together
  std::int64_t variants = 0;  ///< models assembled to change one factor alone
};

/// What a run was expected to take of memory before it took it. Bytes.
struct MemoryUse {
  std::int64_t needed = 0;  ///< estimated
  std::int64_t free = 0;    ///< when the run began
  bool low_memory = false;  ///< one model was in memory at a time
};

/// What keeping the original's distributions small does to the KLD.
struct ReferenceError {
  std::string of;  ///< "candidate", or the quant type that was measured for this: "Q4_K_M"
  evaluate::KeptError kld;
};

struct DiagnoseReport {
  Tool tool;
  ModelCard model;
  std::optional<ModelCard> baseline;
  std::optional<ReferenceCard> reference{};
  std::optional<ServerCard> server{};  ///< absent: the candidate is a file
  std::string text;                    ///< empty where nothing was run
  std::string protocol;                ///< the same
  std::string accept{};                ///< the user's own line, as given; empty: qualm's
  engine::Settings settings;
  diagnose::Diagnosis diagnosis;
  numeric::Metric original_ppl{};  ///< on the selection windows; absent where nothing was measured
  Windows windows;
  std::int32_t scored_every = 1;  ///< position of them: evaluate::TextWindows::stride
  bool stopped_early = false;
  evaluate::NoiseFloor noise_floor;
  /// Where the loss is estimated: the true KLD over such an estimate.
  std::optional<numeric::Estimate> truth_over_estimate = std::nullopt;
  std::optional<ReferenceError> reference_error{};  ///< absent where the reference was not run here
  evaluate::Metrics as_run{};                 ///< of the model as it is run, against the original
  std::vector<diagnose::LeftOut> left_out{};  ///< since the time of --budget was up
  std::string again{};                        ///< the command that measures this as well
  Spent spent;
  MemoryUse memory{};
  WhereLost where{};
  std::vector<probe::WrittenText> texts{};  ///< by the candidate and its control; may be empty
  std::string command_line{};               ///< that made the report; empty: not known
};

/// What a diagnosis will read, and about how long that takes.
struct PlanReport {
  struct Reading {
    std::string model;  ///< for people: "original", "candidate", "Q4_K_M"
    std::int64_t windows = 0;
    double seconds = 0;  ///< estimated, if none of them is saved
  };
  struct Step {
    std::int64_t number = 0;
    std::string title;
    std::vector<Reading> readings;
  };
  Tool tool{};
  ModelCard model;
  std::optional<ModelCard> baseline{};
  std::vector<Step> steps{};
  double seconds = 0;
  MemoryUse memory{};
};

/// A text of a reference pack.
struct PackTextCard {
  std::string name;
  std::string source;
  std::int64_t bytes = 0;
  std::int64_t windows = 0;
  std::int32_t ctx_size = 0;
  numeric::Metric original_ppl{};
};
/// A type of its ladder, on its first text.
struct PackTypeCard {
  std::string name;
  std::int64_t bytes = 0;
  evaluate::Metrics metrics{};
};
/// `qualm reference`, and `qualm inspect` of a pack.
struct PackReport {
  Tool tool{};
  ReferenceCard reference;
  std::optional<ModelCard> original{};  ///< absent: the reference does not describe it
  std::int64_t bytes = 0;               ///< of the pack
  std::int64_t vocab_size = 0;
  std::string tokenizer_hash;
  std::vector<PackTextCard> texts{};
  std::vector<PackTypeCard> types{};
  numeric::Metric noise_floor{};
  std::optional<ReferenceError> error{};  ///< absent: it was not measured
};

struct TypeStat {
  std::string name;  ///< "Q4_K"
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
  std::int64_t parameters = 0;
};

/// Tensors with the same job: "attn_q", "ffn_down", "token_embd", ...
struct ClassStat {
  std::string name;
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
  std::int64_t parameters = 0;
  double bpw = 0;
  std::vector<std::string> types;  ///< encodings found in it, most weights first
  numeric::Metric rounding;        ///< of its matrices: weights/quantization_error.h
};

struct Experts {
  std::int64_t count = 0;
  std::int64_t used = 0;
};

struct TokenizerCard {
  std::string model;            ///< tokenizer.ggml.model
  std::string pre;              ///< tokenizer.ggml.pre; empty where the file gives none
  std::int64_t vocab_size = 0;  ///< 0: no vocabulary in the file
  std::string sha256;           ///< over vocabulary, merges, scores, types and special ids
};

struct Risk {
  std::string id;    ///< stable: "below_floor"
  std::string says;  ///< one sentence, numbers in it
};

/// What `qualm inspect` found wrong with a file.
struct Finding {
  std::string place;  ///< "tensor blk.0.attn_q.weight"
  std::string says;
};

struct Integrity {
  enum class Status { whole, damaged, not_examined };
  Status status = Status::not_examined;
  std::vector<Finding> findings;
};

struct InspectReport {
  Tool tool;
  ModelCard model;
  std::string says{};  ///< what the file alone can answer, in one sentence or two
  bool tied_embeddings = false;
  std::optional<Experts> experts;
  std::optional<TokenizerCard> tokenizer;
  std::vector<TypeStat> types;                                  ///< largest first
  std::vector<ClassStat> classes;                               ///< in the order of a forward pass
  std::vector<std::pair<std::string, std::string>> provenance;  ///< key, value for a person
  std::vector<Risk> risks;
  Integrity integrity;
  std::string runtime{};  ///< that the user named; empty: none
  bool loads = false;     ///< that runtime loads this format
};

/// Weights against weights.
struct CompareReport {
  Tool tool;
  ModelCard model;
  ModelCard baseline;
  std::optional<ModelCard> base_model;
  weights::WeightComparison weights;
  std::optional<weights::Provenance> provenance;
  std::vector<diagnose::Difference> tokenizer_differences{};
  std::int64_t top = 10;                           ///< offenders shown
  std::optional<weights::WeightMap> weight_map{};  ///< where details were asked for
};

/// One case of the demo: what was done to it, and what was found.
struct DemoCase {
  std::string title;
  std::string made;                  ///< "Q2_K, q4_0 cache"
  std::string truth;                 ///< id of the principal cause; empty: healthy
  std::string found;                 ///< likewise
  bool right = false;                ///< found is the truth
  std::string command;               ///< to see this diagnosis again
  nlohmann::ordered_json diagnosis;  ///< the document of that diagnosis
};

struct DemoReport {
  Tool tool;
  std::vector<DemoCase> cases;
};

/// One case of the clinic: what was put in, what is true by measurement, what was found.
struct ClinicCase {
  std::string name;          ///< "tier/Q2_K"
  std::string made;          ///< "Q2_K, q4_0/q4_0 cache"
  std::string made_cause{};  ///< id of the principal cause that was put in; empty: none
  std::string made_also{};   ///< of a second one, or empty
  std::vector<std::string> right_answers;  ///< ids, "healthy", "cannot_tell"
  std::string why{};                       ///< why there are several
  std::string harm{};                      ///< on windows of the truth: above, below, not_separated
  std::int64_t truth_windows = 0;          ///< none of them was read by the diagnosis
  std::string found;                       ///< principal cause, or the verdict where there is none
  bool right = false;
  std::vector<std::string> missed{};        ///< causes that were put in and are true, but not named
  std::vector<std::string> false_alarms{};  ///< causes that were named and not put in
  struct Share {
    std::string check;
    numeric::Estimate found;
    numeric::Estimate truth;  ///< of the full factorial on the windows of the truth
    bool holds = false;       ///< the two intervals meet
  };
  std::vector<Share> shares{};
  /// What was said without the original's weights.
  struct Answer {
    std::string found;   ///< likely cause, or the verdict where there is none
    std::string answer;  ///< "right", "none": no cause was named, "wrong"
  };
  /// The same case by a reference pack in place of its original (--packs).
  struct WithPack {
    Answer cause{};         ///< that was named by it
    std::string loss;       ///< above, below, not_separated; "": not measured
    std::string cache;      ///< status of its check
    bool agrees = true;     ///< with the diagnosis by the original
    std::string refused{};  ///< why the pack does not go with the file
  };
  std::optional<WithPack> with_pack{};
  /// The same case without its original (--alone).
  std::optional<Answer> alone{};
  Windows windows;
  Spent spent;
  std::string summary;
};

struct ClinicReport {
  Tool tool;
  std::string baseline;
  std::string text;
  std::string accept{};  ///< by which the cases are judged
  std::vector<ClinicCase> cases;
  std::vector<std::string> left_out;  ///< cases whose model was not given
  double seconds = 0;
};

struct KeyChange {
  std::string key;
  std::string was;  ///< for a person; empty: the key was not there
  std::string now;  ///< empty: it was removed
};

struct RepairReport {
  Tool tool;
  ModelCard model;
  std::vector<KeyChange> changes;
  std::string output;  ///< path of the new file
};

/// A command that failed. `command` is empty where not even that was understood.
struct ErrorReport {
  Tool tool;
  std::string command;
  Error error;
};

}  // namespace qualm::report
