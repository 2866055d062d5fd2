#include "engine/llama_engine.h"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <llama.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include "base/platform.h"
#include "engine/devices.h"
#include "engine/llama_api.h"
#include "engine/llama_chat.h"
#include "engine/llama_importance.h"
#include "engine/llama_log.h"
#include "engine/llama_pointers.h"

namespace qualm::engine {
namespace {

Error engine_error(std::string code, const std::string& name, std::string expected,
                   std::string found, std::string advice) {
  const std::string log = take_llama_log();
  if (!log.empty()) found += (found.empty() ? "" : "; ") + ("libllama says: " + log);
  return {Kind::engine,     std::move(code),  name, "", std::move(expected),
          std::move(found), std::move(advice)};
}

std::optional<ggml_type> cache_type(const std::string& name) {
  // What llama.cpp's own -ctk accepts (common/arg.cpp, kv_cache_types).
  constexpr std::array kTypes{GGML_TYPE_F32,    GGML_TYPE_F16,  GGML_TYPE_BF16,
                              GGML_TYPE_Q8_0,   GGML_TYPE_Q4_0, GGML_TYPE_Q4_1,
                              GGML_TYPE_IQ4_NL, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1};
  const auto it =
      std::ranges::find_if(kTypes, [&](ggml_type type) { return name == ggml_type_name(type); });
  return it == kTypes.end() ? std::nullopt : std::optional(*it);
}

std::optional<llama_flash_attn_type> flash_attention(const std::string& name) {
  if (name == "on") return LLAMA_FLASH_ATTN_TYPE_ENABLED;
  if (name == "off") return LLAMA_FLASH_ATTN_TYPE_DISABLED;
  if (name == "auto") return LLAMA_FLASH_ATTN_TYPE_AUTO;
  return std::nullopt;
}

std::optional<llama_split_mode> split_mode(const std::string& name) {
  if (name == "none") return LLAMA_SPLIT_MODE_NONE;
  if (name == "layer") return LLAMA_SPLIT_MODE_LAYER;
  if (name == "row") return LLAMA_SPLIT_MODE_ROW;
  return std::nullopt;
}

class LlamaSource final : public LogitSource {
 public:
  LlamaSource(std::shared_ptr<llama_model> model, ContextPointer context, std::string name,
              std::int32_t tokens, std::int32_t windows)
      : model_(std::move(model)),
        context_(std::move(context)),
        batch_(llama_batch_init(tokens, 0, 1)),
        name_(std::move(name)),
        vocab_size_(llama_vocab_n_tokens(llama_model_get_vocab(model_.get()))),
        tokens_per_call_(tokens),
        windows_per_call_(windows) {}
  LlamaSource(const LlamaSource&) = delete;
  LlamaSource& operator=(const LlamaSource&) = delete;
  ~LlamaSource() override { llama_batch_free(batch_); }

  std::int64_t vocab_size() const noexcept override { return vocab_size_; }
  std::int32_t tokens_per_call() const noexcept override { return tokens_per_call_; }
  std::int32_t windows_per_call() const noexcept override { return windows_per_call_; }

  Result<std::span<const float>> logits(std::span<const Piece> pieces) override {
    batch_.n_tokens = 0;
    std::int64_t rows = 0;
    if (!pieces.empty() && pieces[0].position == 0)
      llama_memory_clear(llama_get_memory(context_.get()), true);
    for (std::size_t sequence = 0; sequence < pieces.size(); ++sequence) {
      const Piece& piece = pieces[sequence];
      for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
        const auto position = piece.position + static_cast<std::int32_t>(i);
        const bool wanted = piece.wants(position);
        // ggml's kernels take rows by four and round a rest otherwise. One row more than is scored,
        // as llama-perplexity asks for, makes a window's rows such a multiple, and its digits ours.
        const bool filler =
            piece.stride == 1 && sequence + 1 == pieces.size() && position == piece.last;
        const std::int32_t n = batch_.n_tokens++;
        batch_.token[n] = piece.tokens[i];
        batch_.pos[n] = position;
        batch_.n_seq_id[n] = 1;
        batch_.seq_id[n][0] = static_cast<llama_seq_id>(sequence);
        batch_.logits[n] = wanted || filler ? 1 : 0;
        rows += wanted ? 1 : 0;
      }
    }
    const int status = decode();
    if (status != 0)
      return fail(engine_error("ENGINE-003", name_, "libllama to evaluate a batch",
                               fmt::format("llama_decode returned {}", status),
                               "Try a smaller -c or -b, or another cache type."));
    if (rows == 0) return std::span<const float>{};
    return std::span<const float>(llama_get_logits(context_.get()),
                                  static_cast<std::size_t>(rows * vocab_size_));
  }

 private:
  int decode() noexcept {
    try {
      return llama_decode(context_.get(), batch_);
    } catch (...) {
      return -1000;  // libllama is C++ inside; its exceptions end here
    }
  }

  std::shared_ptr<llama_model> model_;
  ContextPointer context_;
  llama_batch batch_;
  std::string name_;
  std::int64_t vocab_size_;
  std::int32_t tokens_per_call_;
  std::int32_t windows_per_call_;
};

}  // namespace

CallSize size_of_call(const Settings& settings, std::int64_t vocab_size) {
  constexpr std::int64_t kLeast = 32;  // tokens: below, kernels idle
  const std::int64_t rows =
      std::max(kLeast, (settings.logits_memory << 20) / 2 /
                           (vocab_size * static_cast<std::int64_t>(sizeof(float))));
  std::int32_t windows = std::max(1, std::min(settings.batch, settings.ubatch) / settings.ctx_size);
  windows =
      static_cast<std::int32_t>(std::clamp<std::int64_t>(rows / settings.ctx_size, 1, windows));
  const std::int64_t tokens =
      std::min<std::int64_t>(std::max(settings.batch, 1), windows * settings.ctx_size);
  return {windows, static_cast<std::int32_t>(std::min(tokens, rows / kLeast * kLeast))};
}

namespace {

class LlamaModel final : public Model {
 public:
  LlamaModel(ModelPointer model, std::string name)
      : model_(std::move(model)),
        vocab_(llama_model_get_vocab(model_.get())),
        name_(std::move(name)) {}

  std::int64_t vocab_size() const noexcept override { return llama_vocab_n_tokens(vocab_); }
  Token window_start() const noexcept override {
    return llama_vocab_get_add_bos(vocab_) ? llama_vocab_bos(vocab_) : -1;
  }
  std::int32_t trained_context() const noexcept override {
    return llama_model_n_ctx_train(model_.get());
  }

  Result<std::vector<Token>> tokenize(std::string_view text, SpecialTokens special) override {
    const auto refuse = [&](std::string found) {
      return fail(
          Error{Kind::input, "TOKENIZER-001", name_, "tokenizer", "to split the text into tokens",
                std::move(found),
                "The file's tokenizer lacks pieces that this text needs (byte tokens, as a rule): "
                "convert the model again with its original tokenizer."});
    };
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
      return refuse(fmt::format("a text of {} bytes", text.size()));
    const bool parse = special == SpecialTokens::parsed;
    try {
      const auto length = static_cast<std::int32_t>(text.size());
      std::vector<Token> tokens(text.size() + 8);
      std::int32_t n = llama_tokenize(vocab_, text.data(), length, tokens.data(),
                                      static_cast<std::int32_t>(tokens.size()), parse, false);
      if (n < 0 && n != std::numeric_limits<std::int32_t>::min()) {
        tokens.resize(static_cast<std::size_t>(-n));
        n = llama_tokenize(vocab_, text.data(), length, tokens.data(), -n, parse, false);
      }
      if (n < 0) return refuse("libllama's tokenizer failed");
      tokens.resize(static_cast<std::size_t>(n));
      return tokens;
    } catch (const std::exception& thrown) {
      return refuse(fmt::format("libllama's tokenizer threw '{}'", thrown.what()));
    }
  }

  ChatTemplate chat_template() const override {
    const char* found = llama_model_chat_template(model_.get(), nullptr);
    const auto name = [&](Token token) {
      const char* text = token < 0 ? nullptr : llama_vocab_get_text(vocab_, token);
      return std::string(text ? text : "");
    };
    return {found ? found : "", name(llama_vocab_bos(vocab_)), name(llama_vocab_eos(vocab_))};
  }

  std::string piece(Token token) const override {
    if (token < 0 || token >= llama_vocab_n_tokens(vocab_)) return {};
    try {
      std::string text(64, '\0');
      std::int32_t n = llama_token_to_piece(vocab_, token, text.data(), 64, 0, true);
      if (n < 0) {
        text.resize(static_cast<std::size_t>(-n));
        n = llama_token_to_piece(vocab_, token, text.data(), -n, 0, true);
      }
      text.resize(static_cast<std::size_t>(std::max(n, 0)));
      return text;
    } catch (const std::exception&) {
      return {};  // the same gaps in a vocabulary that make tokenizing throw
    }
  }

  bool ends_text(Token token) const override {
    return token >= 0 && token < llama_vocab_n_tokens(vocab_) && llama_vocab_is_eog(vocab_, token);
  }

  Result<model::Importance> importance(const Settings& settings, std::span<const Token> tokens,
                                       Progress& progress) override {
    Settings known = settings;
    if (known.threads <= 0) known.threads = default_threads();
    return collect_importance(*model_, name_, known, tokens, progress);
  }

  Result<std::unique_ptr<LogitSource>> open(const Settings& settings) override {
    QUALM_CHECK(check_names(settings));
    const auto type_k = cache_type(settings.type_k);
    const auto type_v = cache_type(settings.type_v);
    const auto flash = flash_attention(settings.flash_attn);

    const auto [windows, tokens] = size_of_call(settings, vocab_size());

    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<std::uint32_t>(settings.ctx_size * windows);
    params.n_batch = static_cast<std::uint32_t>(tokens);
    params.n_ubatch = static_cast<std::uint32_t>(std::min(settings.ubatch, tokens));
    params.n_seq_max = static_cast<std::uint32_t>(windows);
    const auto threads = settings.threads > 0 ? settings.threads : default_threads();
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.flash_attn_type = *flash;
    params.type_k = *type_k;
    params.type_v = *type_v;
    params.no_perf = true;
    ContextPointer context(llama_init_from_model(model_.get(), params));
    if (!context)
      return fail(engine_error("ENGINE-002", name_,
                               fmt::format("a context of {} tokens with a {}/{} cache",
                                           params.n_ctx, settings.type_k, settings.type_v),
                               "",
                               "A quantized K cache needs head sizes that are multiples of 32, a "
                               "quantized V cache flash attention."));
    return std::make_unique<LlamaSource>(model_, std::move(context), name_, tokens, windows);
  }

 private:
  static std::int32_t default_threads() { return available_cores(); }

  std::shared_ptr<llama_model> model_;
  const llama_vocab* vocab_;
  std::string name_;
};

/// From the folder that the environment variable QUALM_GGML_BACKENDS names, or as the build says.
void load_backends() {
  const char* folder = std::getenv("QUALM_GGML_BACKENDS");
#ifdef QUALM_GGML_BACKENDS
  if (!folder) folder = QUALM_GGML_BACKENDS;
#endif
  if (folder)
    ggml_backend_load_all_from_path(folder);
  else
    ggml_backend_load_all();
}

}  // namespace

bool has_amx() noexcept {
  const auto device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  if (!device) return false;
  const auto extra =
      reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_dev_backend_reg(device), "ggml_backend_dev_get_extra_bufts"));
  for (auto* type = extra ? extra(device) : nullptr; type && *type; ++type)
    if (std::string_view(ggml_backend_buft_name(*type)) == "AMX") return true;
  return false;
}

namespace {

class LlamaEngine final : public Engine {
 public:
  LlamaEngine() {
    capture_llama_log();
    load_backends();
    llama_backend_init();
  }

  Result<std::vector<Device>> devices(const Devices& wanted) override { return devices_of(wanted); }

  Result<std::shared_ptr<Model>> load(const ModelFile& file, const Settings& settings) override {
    const Devices& devices = settings.devices;
    QUALM_TRY(auto handles, device_handles(devices));
    std::vector<float> shares = devices.tensor_split;
    shares.resize(llama_max_devices());
    llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = settings.gpu_layers;
    params.devices = handles.data();
    params.split_mode = split_mode(devices.split_mode).value_or(params.split_mode);
    params.main_gpu = devices.main_gpu;
    params.use_extra_bufts = settings.second_copies;
    if (!devices.tensor_split.empty()) params.tensor_split = shares.data();
    if (!devices.mmap) params.load_mode = LLAMA_LOAD_MODE_NONE;
    return load_with(params, file);
  }

  Result<std::shared_ptr<Model>> load_tokenizer(const ModelFile& file) override {
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    return load_with(params, file);
  }

  std::optional<std::string> render_chat(const std::string& chat_template,
                                         std::span<const ChatMessage> messages) const override {
    return render_llama_chat(chat_template, messages);
  }

  std::string version() const override { return library_version(); }

 private:
  static Result<std::shared_ptr<Model>> load_with(const llama_model_params& params,
                                                  const ModelFile& file) {
    ModelPointer model;
    try {
      model.reset(llama_model_load_from_file(file.path.c_str(), params));
    } catch (const std::exception& thrown) {
      return fail(
          engine_error("ENGINE-001", file.name, "libllama to load the model", thrown.what(), ""));
    }
    if (!model)
      return fail(engine_error("ENGINE-001", file.name, "libllama to load the model", "",
                               "Its architecture or types may be newer than this libllama."));
    return std::make_shared<LlamaModel>(std::move(model), file.name);
  }
};

}  // namespace

std::int64_t cache_bytes(const std::string& type, std::int64_t values) {
  const auto known = cache_type(type);
  return known ? static_cast<std::int64_t>(ggml_row_size(*known, values)) : 0;
}

Result<void> check_names(const Settings& settings) {
  constexpr const char* kCacheTypes = "f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0 or iq4_nl";
  const auto bad = [](const char* option, const std::string& value, const char* expected) {
    return fail(Error{Kind::input, "ENGINE-004", "", option, expected, value, ""});
  };
  if (!cache_type(settings.type_k)) return bad("--cache-type-k", settings.type_k, kCacheTypes);
  if (!cache_type(settings.type_v)) return bad("--cache-type-v", settings.type_v, kCacheTypes);
  if (!flash_attention(settings.flash_attn))
    return bad("--flash-attn", settings.flash_attn, "on, off or auto");
  if (!split_mode(settings.devices.split_mode))
    return bad("--split-mode", settings.devices.split_mode, "none, layer or row");
  return {};
}

std::string library_version() {
  const char* llama = loaded_llama_version();
  const std::string commit = ggml_commit();  // "unknown" where it was built outside git
  return fmt::format("libllama {}, ggml {}{}", llama ? llama : "without a version", ggml_version(),
                     commit == "unknown" ? "" : fmt::format(" ({})", commit));
}

std::unique_ptr<Engine> make_llama_engine() { return std::make_unique<LlamaEngine>(); }

}  // namespace qualm::engine
