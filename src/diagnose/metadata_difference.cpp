#include "diagnose/metadata_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "diagnose/head.h"
#include "diagnose/key_effects.h"

namespace qualm::diagnose {
namespace {

using model::Checkpoint;
using model::Value;

constexpr std::string_view kTemplate = "tokenizer.chat_template";
// Without these a file is read otherwise than with them; for other keys a missing one means a
// default.
constexpr std::array<std::string_view, 5> kNeverDefault{
    "tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges",
    "tokenizer.ggml.scores", "tokenizer.ggml.pre"};

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    // A converter may round a float64 of the original to the float32 that GGUF holds.
    return a == b || std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
  } else {
    return a == b;
  }
}

template <class T>
std::string array_difference(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size())
    return fmt::format("{} entries, in the original {}", a.size(), b.size());
  std::size_t first = a.size();
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (same<T>(a[i], b[i])) continue;
    first = std::min(first, i);
    ++count;
  }
  if (count == 0) return {};
  return fmt::format("entry {} is {}, in the original {} ({} of {} differ)", first,
                     model::to_text(Value(T(a[first]))), model::to_text(Value(T(b[first]))), count,
                     a.size());
}

/// Integers are compared as numbers, whatever width a writer chose.
std::optional<double> as_number(const Value& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*u);
  if (const auto* d = std::get_if<double>(&value)) return *d;
  return std::nullopt;
}

template <class To, class From>
std::vector<To> widened(const std::vector<From>& values) {
  return {values.begin(), values.end()};
}

Value normal(const Value& value) {
  if (const auto* u = std::get_if<std::vector<std::uint64_t>>(&value)) {
    std::vector<std::int64_t> out;
    for (const auto x : *u) out.push_back(static_cast<std::int64_t>(x));
    return out;
  }
  return value;
}

std::string value_difference(const Value& raw_a, const Value& raw_b) {
  const auto x = as_number(raw_a);
  const auto y = as_number(raw_b);
  if (x && y)
    return same(*x, *y) ? ""
                        : fmt::format("{}, in the original {}", model::to_text(raw_a),
                                      model::to_text(raw_b));
  const Value a = normal(raw_a);
  const Value b = normal(raw_b);
  if (a.index() != b.index())
    return fmt::format("{}, in the original {}", model::to_text(a), model::to_text(b));
  return std::visit(
      [&](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        const T& other = std::get<T>(b);
        if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
          return array_difference(held, other);
        } else {
          return same(held, other)
                     ? ""
                     : fmt::format("{}, in the original {}", model::to_text(a), model::to_text(b));
        }
      },
      a);
}

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";

/// "4095 ("<|im_end|>")": an id of a token with its text.
std::string with_text(const Value& id, const Checkpoint& checkpoint) {
  const auto number = as_number(id);
  const auto* tokens = checkpoint.metadata.strings(kTokens);
  std::string text = model::to_text(id);
  if (number && tokens && *number >= 0 && *number < static_cast<double>(tokens->size()))
    text += fmt::format(" (\"{}\")", printable((*tokens)[static_cast<std::size_t>(*number)]));
  return text;
}

std::string_view type_word(std::int64_t type) {
  constexpr std::array<std::string_view, 7> kWords{"undefined",    "normal", "unknown", "control",
                                                   "user-defined", "unused", "byte"};
  const auto index = static_cast<std::size_t>(type);
  return index < kWords.size() ? kWords[index] : "of an unknown type";
}

/// Types of tokens, the first three that differ with their texts. Both lists have one length.
std::string type_difference(const std::vector<std::int64_t>& ours,
                            const std::vector<std::int64_t>& theirs,
                            const std::vector<std::string>* tokens) {
  std::string text;
  std::size_t count = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i] == theirs[i] || ++count > 3) continue;
    const std::string name =
        tokens && i < tokens->size() ? fmt::format(" \"{}\"", printable((*tokens)[i])) : "";
    text += fmt::format("{}token {}{} is {}, in the original {}", text.empty() ? "" : "; ", i, name,
                        type_word(ours[i]), type_word(theirs[i]));
  }
  return fmt::format("{} ({} of {} differ)", text, count, ours.size());
}

/// The difference of one key, tokens as text.
std::string key_difference(const std::string& key, const Value& ours, const Value& theirs,
                           const std::pair<const Checkpoint&, const Checkpoint&> files) {
  std::string says = value_difference(ours, theirs);
  if (says.empty()) return says;
  if (key.ends_with("_token_id"))
    return fmt::format("{}, in the original {}", with_text(ours, files.first),
                       with_text(theirs, files.second));
  const Value a = normal(ours);
  const Value b = normal(theirs);
  const auto* x = std::get_if<std::vector<std::int64_t>>(&a);
  const auto* y = std::get_if<std::vector<std::int64_t>>(&b);
  if (key == "tokenizer.ggml.token_type" && x && y && x->size() == y->size())
    return type_difference(*x, *y, files.second.metadata.strings(kTokens));
  return says;
}

bool is_list(const Value& value) {
  return std::visit(
      [](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        return std::is_class_v<T> && !std::is_same_v<T, std::string>;
      },
      value);
}

/// Short values are set, so that the command can be read; all others are copied.
Mend mend_to(const Value& theirs) {
  constexpr std::size_t kShort = 40;
  const auto* text = std::get_if<std::string>(&theirs);
  if (is_list(theirs) || (text && (text->size() > kShort || text->contains('\n'))))
    return {Mend::How::copy};
  return {Mend::How::set, text ? *text : model::to_text(theirs)};
}

/// A list of tokens fits no file with another number of them.
std::optional<Mend> mend_of(const Value& ours, const Value& theirs) {
  const auto length = [](const Value& value) {
    return std::visit(
        [](const auto& held) -> std::size_t {
          if constexpr (requires { held.size(); }) return held.size();
          return 0;
        },
        value);
  };
  if (is_list(theirs) && length(ours) != length(theirs)) return std::nullopt;
  return mend_to(theirs);
}

bool matters(const std::string& key, const std::string& arch) {
  return key == "general.architecture" || key.starts_with("tokenizer.") ||
         key.starts_with(arch + ".");
}

Difference::Weight weight_of(std::string_view key) {
  if (key.starts_with(kTemplate)) return Difference::Weight::template_;
  return unread(key) ? Difference::Weight::note : Difference::Weight::breaks;
}

/// The entry is missing in `lacking`: it matters where the default is known to be another value.
Difference one_sided(const model::Entry& entry, const Checkpoint& lacking, std::string says) {
  using enum Difference::Weight;
  Difference difference{entry.key, std::move(says), note};
  const auto number = as_number(entry.value);
  const auto fallback = default_of(entry.key, lacking);
  if (entry.key.starts_with(kTemplate)) {
    difference.weight = template_;
  } else if (std::ranges::find(kNeverDefault, entry.key) != kNeverDefault.end()) {
    difference.weight = breaks;
  } else if (number && fallback && !same(*number, *fallback)) {
    difference.weight = breaks;
    difference.says += fmt::format(", where llama.cpp takes {}", *fallback);
  }
  return difference;
}

void compare_metadata(const Checkpoint& candidate, const Checkpoint& baseline,
                      std::vector<Difference>& out) {
  using enum Difference::Weight;
  const std::string arch = baseline.architecture();
  for (const model::Entry& entry : baseline.metadata.entries()) {
    if (!matters(entry.key, arch)) continue;
    const Value* other = candidate.metadata.find(entry.key);
    if (!other) {
      out.push_back(
          one_sided(entry, candidate, "missing, in the original " + model::to_text(entry.value)));
      out.back().mend = Mend{Mend::How::copy};
      continue;
    }
    const std::string says = key_difference(entry.key, *other, entry.value, {candidate, baseline});
    if (!says.empty())
      out.push_back({entry.key, says, weight_of(entry.key), mend_of(*other, entry.value)});
  }
  for (const model::Entry& entry : candidate.metadata.entries()) {
    if (!matters(entry.key, arch) || baseline.metadata.find(entry.key)) continue;
    out.push_back(
        one_sided(entry, baseline, model::to_text(entry.value) + ", missing in the original"));
    out.back().mend = Mend{Mend::How::remove};
  }
  for (Difference& difference : out)
    if (const auto effect = effect_of(difference.key);
        !effect.empty() && difference.weight == breaks)
      difference.says += fmt::format(" ({})", effect);
}

std::string shape(const model::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.dims, ", "));
}

void compare_tensors(const Checkpoint& candidate, const Checkpoint& baseline,
                     std::vector<Difference>& out) {
  for (const model::Tensor& tensor : baseline.tensors) {
    const model::Tensor* other = candidate.find(tensor.name);
    // A head that repeats the embedding is the same model with and without: head.h.
    if (!other && tensor.name == "output.weight") continue;
    if (!other) {
      out.push_back({"tensor " + tensor.name, "missing", Difference::Weight::breaks});
    } else if (other->dims != tensor.dims) {
      out.push_back({"tensor " + tensor.name,
                     fmt::format("shape {}, in the original {}", shape(*other), shape(tensor)),
                     Difference::Weight::breaks});
    }
  }
  for (const model::Tensor& tensor : candidate.tensors)
    if (!baseline.find(tensor.name) && tensor.name != "output.weight")
      out.push_back({"tensor " + tensor.name, "not in the original", Difference::Weight::breaks});
}

}  // namespace

std::vector<Difference> differences(const Checkpoint& candidate, const Checkpoint& baseline) {
  std::vector<Difference> out;
  compare_metadata(candidate, baseline, out);
  compare_tensors(candidate, baseline, out);
  if (auto head = head_difference(candidate, baseline)) out.push_back(*std::move(head));
  std::ranges::stable_sort(out, {}, &Difference::weight);
  return out;
}

std::vector<Difference> tokenizer_differences(const model::Checkpoint& candidate,
                                              const model::Checkpoint& baseline) {
  std::vector<Difference> found = differences(candidate, baseline);
  std::erase_if(found, [](const Difference& one) {
    return !one.key.starts_with("tokenizer.") || (one.weight != Difference::Weight::breaks &&
                                                  !only_splits(one.key) && !starts_texts(one.key));
  });
  return found;
}

std::string vocabulary_mismatch(const Checkpoint& candidate, const Checkpoint& baseline) {
  const auto* a = candidate.metadata.strings("tokenizer.ggml.tokens");
  const auto* b = baseline.metadata.strings("tokenizer.ggml.tokens");
  if (!a || !b || *a == *b) return {};
  if (a->size() != b->size())
    return fmt::format("the candidate has {} tokens, the original {}", a->size(), b->size());
  std::string text;
  std::size_t shown = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a->size(); ++i) {
    if ((*a)[i] == (*b)[i]) continue;
    if (++count <= 3) {
      text += fmt::format("{}token {} is \"{}\", in the original \"{}\"", shown++ > 0 ? "; " : "",
                          i, printable((*a)[i]), printable((*b)[i]));
    }
  }
  return fmt::format("{} ({} of {} differ)", text, count, a->size());
}

}  // namespace qualm::diagnose
