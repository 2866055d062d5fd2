// Which of the folder's files is followed, and what they all say: special ids, flags, template.
#include "formats/hf/tokenizer.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "formats/hf/tokenizer_parts.h"
#include "formats/json.h"

namespace qualm::formats::hf {
namespace {

namespace fs = std::filesystem;

std::string_view text_in(const FileSource& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

/// Null for a file that is not there; else an object.
Result<json> object_in(const std::shared_ptr<const FileSource>& file) {
  if (!file) return json();
  QUALM_TRY(json value, parse_json(text_in(*file), file->path(), ""));
  if (!value.is_object())
    return refuse(file->path(), "TOK-010", "", "an object", value.type_name());
  return value;
}

/// The files' JSON; null where there is none.
struct Sources {
  json tokenizer, config, specials, added, generation, model_config;
};

Result<Sources> parse(const TokenizerFiles& files) {
  Sources sources;
  QUALM_TRY(sources.tokenizer, object_in(files.tokenizer_json));
  QUALM_TRY(sources.config, object_in(files.tokenizer_config));
  QUALM_TRY(sources.specials, object_in(files.special_tokens_map));
  QUALM_TRY(sources.added, object_in(files.added_tokens));
  QUALM_TRY(sources.generation, object_in(files.generation_config));
  QUALM_TRY(sources.model_config, object_in(files.config));
  return sources;
}

/// A special token's text: a string, or an object with content.
std::string special_text(const json& object, const std::string& key) {
  const json& entry = member(object, key);
  return entry.is_string() ? entry.get<std::string>() : text_of(entry, "content");
}

/// An id: a number, or the first of a list of them.
std::optional<std::int64_t> special_id(const json& object, const std::string& key) {
  const json& entry = member(object, key);
  const json& first = entry.is_array() && !entry.empty() ? entry.front() : entry;
  if (!first.is_number_unsigned() || first.get<std::uint64_t>() > INT32_MAX) return std::nullopt;
  return first.get<std::int64_t>();
}

/// The order of llama.cpp's converter (text in tokenizer_config.json, id in config.json), then the
/// files that it does not read.
std::optional<std::int64_t> find_special(const Sources& sources, const std::string& name,
                                         const TokenTable& table) {
  for (const json* object : {&sources.config, &sources.specials}) {
    const std::string text = special_text(*object, name + "_token");
    if (const auto id = table.find(text); id && !text.empty()) return id;
  }
  const json& text_config = member(sources.model_config, "text_config");
  for (const json* object : {&sources.model_config, &text_config, &sources.generation})
    if (const auto id = special_id(*object, name + "_token_id")) return id;
  if (name != "unk") return std::nullopt;
  const std::string text = text_of(member(sources.tokenizer, "model"), "unk_token");
  return text.empty() ? std::nullopt : table.find(text);
}

struct Special {
  const char* name;
  const char* key;
};
constexpr std::array kSpecials{
    Special{"bos", "tokenizer.ggml.bos_token_id"},
    Special{"eos", "tokenizer.ggml.eos_token_id"},
    Special{"eot", "tokenizer.ggml.eot_token_id"},
    Special{"unk", "tokenizer.ggml.unknown_token_id"},
    Special{"sep", "tokenizer.ggml.seperator_token_id"},  // sic
    Special{"pad", "tokenizer.ggml.padding_token_id"},
    Special{"cls", "tokenizer.ggml.cls_token_id"},
    Special{"mask", "tokenizer.ggml.mask_token_id"},
};

void write_special_ids(const Sources& sources, const TokenTable& table,
                       const std::optional<SpmIds>& spm, model::Metadata& metadata,
                       std::vector<std::string>& notes) {
  for (const auto& [name, key] : kSpecials) {
    auto id = find_special(sources, name, table);
    if (!id && spm) {
      const std::string_view which = name;
      id = which == "bos"   ? spm->bos
           : which == "eos" ? spm->eos
           : which == "unk" ? spm->unk
           : which == "pad" ? spm->pad
                            : -1;
      if (*id < 0) id.reset();
    }
    if (!id) continue;
    if (*id >= table.rows()) {
      notes.push_back(fmt::format("{}_token_id is {}, but the vocabulary has {} tokens: left out",
                                  name, *id, table.rows()));
      continue;
    }
    metadata.set(key, static_cast<std::uint64_t>(*id));
  }
}

/// Which special token the post-processor puts at an end of the text; "" for none.
std::string edge_token(const json& post_processor, bool first) {
  const auto in_template = [&](const json& step) -> std::string {
    const json& single = member(step, "single");
    if (text_of(step, "type") != "TemplateProcessing" || !single.is_array() || single.size() < 2)
      return {};
    return text_of(member(first ? single.front() : single.back(), "SpecialToken"), "id");
  };
  if (const std::string id = in_template(post_processor); !id.empty()) return id;
  for (const json& step : member(post_processor, "processors"))
    if (const std::string id = in_template(step); !id.empty()) return id;
  return {};
}

/// add_bos_token and add_eos_token: what the config says, else what the post-processor does. The
/// id is that of the token which is added, where the config names another one.
void write_add_flags(const Sources& sources, const TokenTable& table, model::Metadata& metadata,
                     std::vector<std::string>& notes) {
  for (const std::string name : {"bos", "eos"}) {
    const json& said = member(sources.config, "add_" + name + "_token");
    const std::string id_key = "tokenizer.ggml." + name + "_token_id";
    bool adds = said.is_boolean() && said.get<bool>();
    if (!said.is_boolean()) {
      if (sources.tokenizer.is_null()) continue;  // libllama's default is SentencePiece's
      const auto token =
          table.find(edge_token(member(sources.tokenizer, "post_processor"), name == "bos"));
      adds = token.has_value();
      if (token && metadata.integer(id_key) != *token) {
        notes.push_back(fmt::format("the post-processor adds token {} as {}, which no config names",
                                    *token, name));
        metadata.set(id_key, static_cast<std::uint64_t>(*token));
      }
    }
    if (adds && !metadata.integer(id_key)) {
      notes.push_back(
          fmt::format("add_{}_token is set, but no such token is named: not added", name));
      adds = false;
    }
    metadata.set("tokenizer.ggml.add_" + name + "_token", adds);
  }
}

/// tokenizer_config.json's templates, else chat_template.jinja, else chat_template.json.
Result<void> write_templates(const TokenizerFiles& files, const Sources& sources,
                             model::Metadata& metadata, std::vector<std::string>& notes) {
  QUALM_TRY(const json in_json, object_in(files.chat_template_json));
  json chosen = member(sources.config, "chat_template");
  if (chosen.is_null() && files.chat_template_jinja) {
    chosen = std::string(text_in(*files.chat_template_jinja));
  } else if (files.chat_template_jinja && chosen.is_string() &&
             chosen.get_ref<const std::string&>() != text_in(*files.chat_template_jinja)) {
    notes.emplace_back(
        "chat_template.jinja differs from tokenizer_config.json's template, which is used");
  }
  if (chosen.is_null()) chosen = member(in_json, "chat_template");
  if (chosen.is_string()) metadata.set("tokenizer.chat_template", chosen.get<std::string>());
  if (!chosen.is_array()) return {};
  for (const json& entry : chosen) {
    const std::string name = text_of(entry, "name");
    if (name.empty() || !member(entry, "template").is_string()) continue;
    metadata.set("tokenizer.chat_template" + (name == "default" ? "" : "." + name),
                 text_of(entry, "template"));
  }
  return {};
}

/// A byte-level BPE beside a tokenizer.model: that one is no SentencePiece model (Llama 3).
bool is_byte_level(const json& tokenizer) {
  const json& model = member(tokenizer, "model");
  return text_of(model, "type") == "BPE" && !flag_of(model, "byte_fallback");
}

Result<std::shared_ptr<const FileSource>> map_if_there(const std::string& folder,
                                                       const char* name) {
  const std::string path = (fs::path(folder) / name).string();
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::shared_ptr<const FileSource>();
  return map_file(path);
}

}  // namespace

Result<void> read_tokenizer_files(const TokenizerFiles& files, std::string_view model_type,
                                  std::int64_t vocab_size, model::Metadata& metadata,
                                  std::vector<std::string>& notes) {
  if (!files.tokenizer_json && !files.tokenizer_model)
    return refuse(files.folder, "TOK-020", "", "tokenizer.json or tokenizer.model", "neither");
  QUALM_TRY(const Sources sources, parse(files));
  const TokenizerOutput out{metadata, notes};
  std::optional<SpmIds> spm;
  const auto read_model = [&]() -> Result<TokenTable> {
    if (!files.tokenizer_model || is_byte_level(sources.tokenizer))
      return read_json_model(sources.tokenizer, files.tokenizer_json->path(), model_type,
                             vocab_size, out);
    QUALM_TRY(auto model, read_sentencepiece(*files.tokenizer_model, sources.added, sources.config,
                                             vocab_size, out));
    spm = model.ids;
    return std::move(model.table);
  };
  QUALM_TRY(const TokenTable table, read_model());
  write_special_ids(sources, table, spm, metadata, notes);
  write_add_flags(sources, table, metadata, notes);
  return write_templates(files, sources, metadata, notes);
}

Result<void> read_tokenizer(const std::string& folder, std::string_view model_type,
                            std::int64_t vocab_size, model::Metadata& metadata,
                            std::vector<std::string>& notes) {
  TokenizerFiles files;
  files.folder = folder;
  QUALM_TRY(files.tokenizer_json, map_if_there(folder, "tokenizer.json"));
  QUALM_TRY(files.tokenizer_model, map_if_there(folder, "tokenizer.model"));
  QUALM_TRY(files.tokenizer_config, map_if_there(folder, "tokenizer_config.json"));
  QUALM_TRY(files.special_tokens_map, map_if_there(folder, "special_tokens_map.json"));
  QUALM_TRY(files.added_tokens, map_if_there(folder, "added_tokens.json"));
  QUALM_TRY(files.generation_config, map_if_there(folder, "generation_config.json"));
  QUALM_TRY(files.config, map_if_there(folder, "config.json"));
  QUALM_TRY(files.chat_template_jinja, map_if_there(folder, "chat_template.jinja"));
  QUALM_TRY(files.chat_template_json, map_if_there(folder, "chat_template.json"));
  return read_tokenizer_files(files, model_type, vocab_size, metadata, notes);
}

}  // namespace qualm::formats::hf
