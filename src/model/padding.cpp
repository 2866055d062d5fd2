#include "model/padding.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace qualm::model {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";
constexpr std::string_view kTokenTypes = "tokenizer.ggml.token_type";
constexpr std::int64_t kUnused = 5;  // LLAMA_TOKEN_TYPE_UNUSED
constexpr std::array<std::string_view, 2> kMatrices{"token_embd.weight", "output.weight"};

/// The first rows of a tensor, of which all else stays.
class FirstRows final : public TensorData {
 public:
  FirstRows(std::shared_ptr<const TensorData> whole, std::int64_t rows, std::int64_t of)
      : whole_(std::move(whole)), rows_(rows), of_(of) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    return whole_->rows(first, count, out);
  }
  std::shared_ptr<const TensorData> steps() const override {
    auto steps = whole_->steps();
    if (steps) steps = std::make_shared<FirstRows>(std::move(steps), rows_, of_);
    return steps;
  }
  std::span<const std::byte> ggml_bytes() const noexcept override {
    const auto bytes = whole_->ggml_bytes();
    return bytes.first(bytes.size() / static_cast<std::size_t>(of_) *
                       static_cast<std::size_t>(rows_));
  }

 private:
  std::shared_ptr<const TensorData> whole_;
  std::int64_t rows_;
  std::int64_t of_;
};

/// Entries that the file has a row for, in its embedding and its head.
std::int64_t rows_of(const Checkpoint& checkpoint, std::int64_t otherwise) {
  std::int64_t rows = otherwise;
  for (const std::string_view name : kMatrices)
    if (const Tensor* tensor = checkpoint.find(name)) rows = std::min(rows, tensor->row_count());
  return rows;
}

/// The longest of the list of tokens and the matrices.
std::int64_t height_of(const Checkpoint& checkpoint, std::int64_t tokens) {
  for (const std::string_view name : kMatrices)
    if (const Tensor* tensor = checkpoint.find(name))
      tokens = std::max(tokens, tensor->row_count());
  return tokens;
}

bool is_unused(const Checkpoint& checkpoint, std::size_t token) {
  const Value* types = checkpoint.metadata.find(kTokenTypes);
  if (!types) return false;
  if (const auto* i = std::get_if<std::vector<std::int64_t>>(types))
    return token < i->size() && (*i)[token] == kUnused;
  const auto* u = std::get_if<std::vector<std::uint64_t>>(types);
  return u && token < u->size() && (*u)[token] == static_cast<std::uint64_t>(kUnused);
}

/// A row of zeros: no training has touched it.
bool is_zero(const Checkpoint& checkpoint, std::int64_t token) {
  const Tensor* embedding = checkpoint.find(kMatrices.front());
  if (!embedding || !embedding->data || token >= embedding->row_count()) return false;
  std::vector<float> row(static_cast<std::size_t>(embedding->row_length()));
  return embedding->data->rows(token, 1, row) &&
         std::ranges::all_of(row, [](float value) { return value == 0.0F; });
}

bool all_padding(const Checkpoint& checkpoint, const std::vector<std::string>& tokens,
                 std::int64_t from) {
  for (auto i = static_cast<std::size_t>(from); i < tokens.size(); ++i)
    if (!is_unused(checkpoint, i) && !is_placeholder(tokens[i]) &&
        !is_zero(checkpoint, static_cast<std::int64_t>(i)))
      return false;
  return true;
}

template <class T>
bool shorten(const Value& value, std::int64_t count, Value& out) {
  const auto* list = std::get_if<std::vector<T>>(&value);
  if (!list || static_cast<std::int64_t>(list->size()) <= count) return false;
  out = std::vector<T>(list->begin(), list->begin() + count);
  return true;
}

void shorten_list(Metadata& metadata, std::string_view key, std::int64_t count) {
  for (const Entry& entry : metadata.entries()) {
    Value shorter;
    if (entry.key != key) continue;
    if (shorten<std::string>(entry.value, count, shorter) ||
        shorten<double>(entry.value, count, shorter) ||
        shorten<std::int64_t>(entry.value, count, shorter) ||
        shorten<std::uint64_t>(entry.value, count, shorter))
      metadata.set(entry.key, std::move(shorter), entry.type);
    return;
  }
}

}  // namespace

bool is_placeholder(std::string_view token) noexcept {
  constexpr std::array<std::string_view, 9> kBegin{"[PAD",    "[pad",    "<pad",
                                                   "<unused", "[unused", "<|unused",
                                                   "<|dummy", "<dummy",  "<|placeholder"};
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::any_of(token, digit) &&
         std::ranges::any_of(kBegin,
                             [&](std::string_view begin) { return token.starts_with(begin); });
}

std::optional<CommonVocabulary> common_vocabulary(const Checkpoint& a, const Checkpoint& b) {
  const auto* tokens_a = a.metadata.strings(kTokens);
  const auto* tokens_b = b.metadata.strings(kTokens);
  if (!tokens_a || !tokens_b) return std::nullopt;
  const auto listed = static_cast<std::int64_t>(std::min(tokens_a->size(), tokens_b->size()));
  const std::int64_t common = std::min(rows_of(a, listed), rows_of(b, listed));
  const CommonVocabulary found{common,
                               height_of(a, static_cast<std::int64_t>(tokens_a->size())) - common,
                               height_of(b, static_cast<std::int64_t>(tokens_b->size())) - common};
  if (common <= 0 || (found.padding_a == 0 && found.padding_b == 0)) return std::nullopt;
  if (!std::equal(tokens_a->begin(), tokens_a->begin() + common, tokens_b->begin()))
    return std::nullopt;
  if (!all_padding(a, *tokens_a, common) || !all_padding(b, *tokens_b, common)) return std::nullopt;
  return found;
}

std::int64_t padding_after(const Checkpoint& checkpoint, std::int64_t tokens) {
  const auto* list = checkpoint.metadata.strings(kTokens);
  if (!list) return 0;
  const auto listed = static_cast<std::int64_t>(list->size());
  if (rows_of(checkpoint, listed) < tokens || !all_padding(checkpoint, *list, tokens)) return 0;
  return height_of(checkpoint, listed) - tokens;
}

Checkpoint first_tokens(Checkpoint checkpoint, std::int64_t tokens) {
  for (const std::string_view key :
       {kTokens, kTokenTypes, std::string_view("tokenizer.ggml.scores")})
    shorten_list(checkpoint.metadata, key, tokens);
  const std::string size = checkpoint.architecture() + ".vocab_size";
  if (checkpoint.metadata.find(size))
    checkpoint.metadata.set(size, static_cast<std::uint64_t>(tokens));
  for (Tensor& tensor : checkpoint.tensors) {
    const std::int64_t rows = tensor.row_count();
    if (std::ranges::find(kMatrices, tensor.name) == kMatrices.end() || rows <= tokens) continue;
    tensor.bytes = tensor.bytes / rows * tokens;
    tensor.dims.back() = tokens;
    if (tensor.data)
      tensor.data = std::make_shared<FirstRows>(std::move(tensor.data), tokens, rows);
  }
  return checkpoint;
}

}  // namespace qualm::model
