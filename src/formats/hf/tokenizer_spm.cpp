// tokenizer.model: SentencePiece's ModelProto (sentencepiece_model.proto), read field by field.
//
//   ModelProto      1 piece (repeated)   2 trainer_spec   3 normalizer_spec
//   piece           1 text   2 score, f32   3 type, as GGUF's
//   trainer_spec    3 model_type (1 unigram, 2 BPE)   35 byte_fallback
//                   40 unk_id   41 bos_id   42 eos_id   43 pad_id
//   normalizer_spec 2 precompiled_charsmap   3 add_dummy_prefix   4 remove_extra_whitespaces
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <functional>

#include "base/byte_reader.h"
#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

struct Field {
  std::uint64_t number = 0;
  std::uint64_t value = 0;  ///< a varint or fixed value
  std::string_view bytes;   ///< of a length-delimited field
};
using OnField = std::function<Result<void>(const Field&)>;

/// Base-128 numbers, the seven low bits first, at most ten bytes.
Result<std::uint64_t> varint(ByteReader& reader, std::string_view what) {
  std::uint64_t value = 0;
  const std::uint64_t at = reader.offset();
  for (unsigned shift = 0; shift < 70; shift += 7) {
    QUALM_TRY(const auto byte, reader.number<std::uint8_t>(what));
    const std::uint64_t bits = byte & 0x7F;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return fail(reader.error(4, at, what,
                           {"a number of 64 bits", "a longer one",
                            "This is no SentencePiece model, or it is damaged."}));
}

/// Every field of a message, in order. Groups, which proto2 gave up, are refused.
Result<void> each_field(const std::string& file, std::string_view message, const OnField& take) {
  ByteReader reader(file, "TOK", std::as_bytes(std::span(message)));
  while (reader.remaining() > 0) {
    const std::uint64_t at = reader.offset();
    QUALM_TRY(const std::uint64_t tag, varint(reader, "field tag"));
    Field field{tag >> 3, 0, {}};
    switch (tag & 7) {
      case 0: {
        QUALM_TRY(field.value, varint(reader, "number"));
        break;
      }
      case 1: {
        QUALM_TRY(field.value, reader.number<std::uint64_t>("fixed64"));
        break;
      }
      case 2: {
        QUALM_TRY(const std::uint64_t size, varint(reader, "length"));
        QUALM_TRY(const auto bytes, reader.bytes("field", size));
        field.bytes = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        break;
      }
      case 5: {
        QUALM_TRY(field.value, reader.number<std::uint32_t>("fixed32"));
        break;
      }
      default:
        return fail(reader.error(4, at, "field tag",
                                 {"a protobuf field", fmt::format("wire type {}", tag & 7),
                                  "This is no SentencePiece model, or it is damaged."}));
    }
    QUALM_CHECK(take(field));
  }
  return {};
}

struct Piece {
  std::string_view text;
  float score = 0;
  std::uint64_t type = kNormal;
};

struct Spec {
  std::vector<Piece> pieces;
  std::uint64_t model_type = 1;  // UNIGRAM, the proto's default
  bool byte_fallback = false;
  bool dummy_prefix = true;
  bool merges_spaces = true;
  std::string_view charsmap;
  SpmIds ids;
};

Result<void> take_piece(const std::string& file, std::string_view message, Spec& spec) {
  Piece piece;
  QUALM_CHECK(each_field(file, message, [&](const Field& field) -> Result<void> {
    if (field.number == 1) piece.text = field.bytes;
    if (field.number == 2)
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    if (field.number == 3) piece.type = field.value;
    return {};
  }));
  const std::string place = fmt::format("piece {}", spec.pieces.size());
  if (!std::isfinite(piece.score))
    return refuse(file, "TOK-016", place, "a finite score", fmt::format("{}", piece.score));
  if (piece.type < kNormal || piece.type > kByte)
    return refuse(file, "TOK-010", place, "a type from 1 to 6", fmt::format("{}", piece.type));
  spec.pieces.push_back(piece);
  return {};
}

Result<void> take_trainer(const std::string& file, std::string_view message, Spec& spec) {
  return each_field(file, message, [&](const Field& field) -> Result<void> {
    const auto id = static_cast<std::int64_t>(static_cast<std::int32_t>(field.value));
    if (field.number == 3) spec.model_type = field.value;
    if (field.number == 35) spec.byte_fallback = field.value != 0;
    if (field.number == 40) spec.ids.unk = id;
    if (field.number == 41) spec.ids.bos = id;
    if (field.number == 42) spec.ids.eos = id;
    if (field.number == 43) spec.ids.pad = id;
    return {};
  });
}

Result<void> take_normalizer(const std::string& file, std::string_view message, Spec& spec) {
  return each_field(file, message, [&](const Field& field) -> Result<void> {
    if (field.number == 2) spec.charsmap = field.bytes;
    if (field.number == 3) spec.dummy_prefix = field.value != 0;
    if (field.number == 4) spec.merges_spaces = field.value != 0;
    return {};
  });
}

Result<Spec> read_spec(const FileSource& file) {
  Spec spec;
  const auto bytes = file.bytes();
  const std::string_view message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  QUALM_CHECK(each_field(file.path(), message, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return take_piece(file.path(), field.bytes, spec);
    if (field.number == 2) return take_trainer(file.path(), field.bytes, spec);
    if (field.number == 3) return take_normalizer(file.path(), field.bytes, spec);
    return {};
  }));
  return spec;
}

/// What the folder adds to the model: added_tokens.json, then tokenizer_config.json, which wins.
Result<void> add_added(const json& added, const json& config, TokenTable& table,
                       std::vector<std::string>& notes) {
  const auto put = [&](std::int64_t id, std::string text, std::int64_t type) -> Result<void> {
    if (id < 0 || id >= table.rows()) {
      notes.push_back(fmt::format("added token {} (\"{}\") has no row in the embedding: left out",
                                  id, printable(text.substr(0, 60))));
      return {};
    }
    if (type == kUserDefined) text = replaced(std::move(text), kSpaceMark, " ");
    return table.replace(id, std::move(text), kAddedScore, type);
  };
  if (added.is_object()) {
    for (const auto& [text, id] : added.items())
      if (id.is_number_unsigned()) QUALM_CHECK(put(id.get<std::int64_t>(), text, kUserDefined));
  }
  const json& decoder = member(config, "added_tokens_decoder");
  if (!decoder.is_object()) return {};
  for (const auto& [key, token] : decoder.items()) {
    std::int64_t id = -1;
    const auto [end, fault] = std::from_chars(key.data(), key.data() + key.size(), id);
    const std::string text = text_of(token, "content");
    if (fault != std::errc() || end != key.data() + key.size() || text.empty()) continue;
    const bool special = flag_of(token, "special") || looks_special(text);
    QUALM_CHECK(put(id, text, special ? kControl : kUserDefined));
  }
  return {};
}

void write_unigram_flags(const Spec& spec, model::Metadata& metadata,
                         std::vector<std::string>& notes) {
  metadata.set("tokenizer.ggml.add_space_prefix", spec.dummy_prefix);
  metadata.set("tokenizer.ggml.remove_extra_whitespaces", spec.merges_spaces);
  if (spec.byte_fallback)
    notes.emplace_back(
        "libllama's unigram tokenizer has no byte fallback: a character that is no token becomes "
        "the unknown token");
}

void write_bpe_flags(const Spec& spec, const json& config, model::Metadata& metadata,
                     std::vector<std::string>& notes) {
  // libllama's default is true. The config's word, where it says one, is the converter's.
  const bool prefix = flag_of(config, "add_prefix_space", spec.dummy_prefix);
  if (!prefix || member(config, "add_prefix_space").is_boolean())
    metadata.set("tokenizer.ggml.add_space_prefix", prefix);
  if (spec.merges_spaces)
    notes.emplace_back(
        "tokenizer.model merges runs of spaces; libllama's 'llama' tokenizer does not");
  if (!spec.charsmap.empty())
    notes.emplace_back(
        "tokenizer.model normalizes characters; libllama's 'llama' tokenizer does not");
}

}  // namespace

Result<SentencePiece> read_sentencepiece(const FileSource& file, const json& added,
                                         const json& config, std::int64_t vocab_size,
                                         const TokenizerOutput& out) {
  auto& [metadata, notes] = out;
  QUALM_TRY(const Spec spec, read_spec(file));
  if (spec.model_type != 1 && spec.model_type != 2)
    return refuse(file.path(), "TOK-021", "trainer_spec.model_type", "1 (unigram) or 2 (BPE)",
                  fmt::format("{}", spec.model_type));
  const auto count = static_cast<std::int64_t>(spec.pieces.size());
  QUALM_TRY(TokenTable table, TokenTable::create(file.path(), vocab_size > 0 ? vocab_size : count));
  for (std::int64_t id = 0; id < count; ++id) {
    const Piece& piece = spec.pieces[static_cast<std::size_t>(id)];
    if (id >= table.rows()) {
      notes.push_back(
          fmt::format("tokenizer.model has {} pieces, the embedding {} rows: the rest "
                      "is left out",
                      count, table.rows()));
      break;
    }
    std::string text(piece.text);
    if (piece.type == kUserDefined) text = replaced(std::move(text), kSpaceMark, " ");
    QUALM_CHECK(table.add(static_cast<std::uint64_t>(id), std::move(text), piece.score,
                          static_cast<std::int64_t>(piece.type)));
  }
  QUALM_CHECK(add_added(added, config, table, notes));
  QUALM_CHECK(table.finish(TokenTable::Holes::pad));
  const bool is_unigram = spec.model_type == 1;
  metadata.set("tokenizer.ggml.model", std::string(is_unigram ? "t5" : "llama"));
  metadata.set("tokenizer.ggml.pre", std::string("default"));
  table.write(metadata, TokenTable::Scores::written);
  if (is_unigram) {
    write_unigram_flags(spec, metadata, notes);
    QUALM_CHECK(write_charsmap(spec.charsmap, file.path(), metadata));
  } else {
    write_bpe_flags(spec, config, metadata, notes);
  }
  return SentencePiece{std::move(table), spec.ids};
}

}  // namespace qualm::formats::hf
