// What the readers of tokenizer.json and tokenizer.model share. Only for tokenizer*.cpp, tests and
// fuzzers.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/json.h"
#include "model/metadata.h"

namespace qualm::formats::hf {

using nlohmann::json;

/// GGUF's token types (llama_token_type).
enum TokenType : std::int64_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

/// The folder's files; absent ones are null.
struct TokenizerFiles {
  std::string folder;
  std::shared_ptr<const FileSource> tokenizer_json, tokenizer_model, tokenizer_config,
      special_tokens_map, added_tokens, generation_config, config, chat_template_jinja,
      chat_template_json;
};

/// read_tokenizer on files from anywhere.
[[nodiscard]] Result<void> read_tokenizer_files(const TokenizerFiles& files,
                                                std::string_view model_type,
                                                std::int64_t vocab_size, model::Metadata& metadata,
                                                std::vector<std::string>& notes);

[[nodiscard]] std::unexpected<Error> refuse(const std::string& file, std::string code,
                                            std::string place, std::string expected,
                                            std::string found);

/// What the readers fill.
struct TokenizerOutput {
  model::Metadata& metadata;
  std::vector<std::string>& notes;
};

// Scores of tokens that the tokenizer's own files give none, as llama.cpp's converter writes them.
inline constexpr double kPadScore = -10000;
inline constexpr double kAddedScore = -1000;

/// Member `key` of an object, or null (a shared null value) where there is none.
[[nodiscard]] std::string text_of(const json& object, std::string_view key);  ///< "" if no string
[[nodiscard]] bool flag_of(const json& object, std::string_view key, bool otherwise = false);

/// The token list being made: each id and each text once, no more ids than rows.
class TokenTable {
 public:
  struct Token {
    std::string text;
    double score = 0;
    std::int64_t type = kUnused;
    bool is_set = false;
  };

  /// `rows`: vocab_size, or the number of tokens where that is not known. TOK-011 beyond what any
  /// model has.
  [[nodiscard]] static Result<TokenTable> create(std::string file, std::int64_t rows);
  /// TOK-011, TOK-012.
  [[nodiscard]] Result<void> add(const json& id, std::string text, double score, std::int64_t type);
  /// Another text, score and type for an id that may be set already. TOK-011, TOK-012.
  [[nodiscard]] Result<void> replace(std::int64_t id, std::string text, double score,
                                     std::int64_t type);
  enum class Holes { pad, refuse };
  /// Fills holes with [PADi], or TOK-013.
  [[nodiscard]] Result<void> finish(Holes holes);

  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(tokens_.size()); }
  [[nodiscard]] Token& at(std::int64_t id) { return tokens_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Token& at(std::int64_t id) const {
    return tokens_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] std::optional<std::int64_t> find(const std::string& text) const;
  [[nodiscard]] const std::string& file() const { return file_; }
  enum class Scores { written, left_out };
  /// tokens, scores, token_type.
  void write(model::Metadata& metadata, Scores scores) const;

 private:
  std::string file_;
  std::vector<Token> tokens_;
  std::unordered_map<std::string, std::int64_t> ids_;
};

/// One merge of a BPE: ids of both parts and of what they make; its rank is its index.
struct Merge {
  std::int64_t left, right, result;
};
/// model.merges as "a b" or ["a", "b"]. TOK-010, TOK-014.
[[nodiscard]] Result<std::vector<Merge>> read_merges(const json& model, const TokenTable& table);

/// llama.cpp's name for what tokenizer.json does before its merges; "default" with a note where
/// libllama knows nothing of the kind.
[[nodiscard]] std::string pre_tokenizer_name(const json& tokenizer, std::string_view model_type,
                                             std::vector<std::string>& notes);

/// tokenizer.json's model as keys of the kind it is. The table holds its tokens afterwards, the
/// added ones included.
[[nodiscard]] Result<TokenTable> read_json_model(const json& tokenizer, const std::string& file,
                                                 std::string_view model_type,
                                                 std::int64_t vocab_size,
                                                 const TokenizerOutput& out);
[[nodiscard]] Result<void> read_byte_level_bpe(const json& tokenizer, std::string_view model_type,
                                               const std::vector<Merge>& merges, TokenTable& table,
                                               const TokenizerOutput& out);
[[nodiscard]] Result<void> read_fallback_bpe(const json& tokenizer,
                                             const std::vector<Merge>& merges, TokenTable& table,
                                             const TokenizerOutput& out);
[[nodiscard]] Result<void> read_unigram(const json& tokenizer, TokenTable& table,
                                        const TokenizerOutput& out);
/// Writes tokenizer.ggml.precompiled_charsmap unless it is empty. TOK-017.
[[nodiscard]] Result<void> write_charsmap(std::string_view bytes, const std::string& file,
                                          model::Metadata& metadata);

/// What a SentencePiece model says of special ids; -1: none.
struct SpmIds {
  std::int64_t unk = 0, bos = 1, eos = 2, pad = -1;
};
struct SentencePiece {
  TokenTable table;
  SpmIds ids;
};
/// tokenizer.model, with the tokens that added_tokens.json and tokenizer_config.json add to it.
[[nodiscard]] Result<SentencePiece> read_sentencepiece(const FileSource& file, const json& added,
                                                       const json& config, std::int64_t vocab_size,
                                                       const TokenizerOutput& out);

/// Looks like a control token although it is not marked as special (llama.cpp's list).
[[nodiscard]] bool looks_special(std::string_view text);
[[nodiscard]] bool is_byte_token(std::string_view text);  ///< <0x00> to <0xFF>
/// `text` with every `from` (not empty) replaced.
[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  ///< U+2581, a space in pieces

}  // namespace qualm::formats::hf
