// Tokens in, logits out: the seam between measuring and whatever runs a model.
//
// Implementations: llama.cpp (libllama) and tests/support/fake_engine.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/importance.h"

namespace qualm::engine {

using Token = std::int32_t;

/// A stretch of tokens of one window of text. A window longer than a call takes comes in pieces.
struct Piece {
  std::span<const Token> tokens;
  std::int32_t position = 0;  ///< of tokens[0] in its window; 0 starts anew with an empty cache
  std::int32_t first = 0;     ///< logits are wanted for positions [first, last) of the window,
  std::int32_t last = 0;
  std::int32_t stride = 1;  ///< each so many-th of them
  [[nodiscard]] bool wants(std::int32_t at) const noexcept {
    return at >= first && at < last && (at - first) % stride == 0;
  }
};

/// One turn of a conversation.
struct ChatMessage {
  std::string role;  ///< system, user, assistant
  std::string content;
};

/// How a model writes conversations.
struct ChatTemplate {
  std::string text;  ///< Jinja; empty: none
  std::string bos;   ///< what it calls bos_token: the name of the begin token
  std::string eos;   ///< eos_token
};

/// Layers on devices: as many as fit, or all.
inline constexpr std::int32_t kLayersThatFit = -1;
inline constexpr std::int32_t kAllLayers = -2;
/// Of Devices::names: none but the CPU.
inline constexpr const char* kNoDevice = "none";

/// On which devices a model lies. Option names and meaning are llama.cpp's.
struct Devices {
  std::vector<std::string> names{};   ///< "Vulkan0", or kNoDevice; empty: all that there are
  std::vector<float> tensor_split{};  ///< shares of the devices; empty: by their free memory
  std::string split_mode = "layer";   ///< none, layer, row
  std::int32_t main_gpu = 0;          ///< with split_mode none: the only one that is used
  bool mmap = true;
  std::vector<std::string> rpc{};  ///< "host:port" of ggml-rpc-server on other machines
  bool rpc_unsafe = false;         ///< servers may have public addresses
  /// What the named devices are, once they were found: part of cache keys.
  std::string what{};
  std::int64_t memory = 0;  ///< bytes that they have for models, likewise
};

/// Option names and meaning are llama.cpp's.
struct Settings {
  std::int32_t ctx_size = 512;  ///< positions per window
  std::int32_t threads = 0;     ///< 0: all cores this process may use
  std::int32_t batch = 2048;    ///< tokens per call at most
  /// Tokens per graph; windows that fit in one run together. Half of llama.cpp's 512: a CPU then
  /// skips more of what causality masks.
  std::int32_t ubatch = 256;
  /// MiB of logits that two models together may hold at once: a large vocabulary is evaluated in
  /// shorter pieces.
  std::int64_t logits_memory = 256;
  std::string type_k = "f16";
  std::string type_v = "f16";
  std::string flash_attn = "auto";  ///< on, off, auto
  /// As -ngl: what a device computes differs a little.
  std::int32_t gpu_layers = kLayersThatFit;
  /// ggml may keep matrices a second time, in the order that its CPU kernels like: faster.
  bool second_copies = true;
  Devices devices{};
};

/// The same, on the CPU alone.
[[nodiscard]] inline Settings on_cpu(Settings settings) {
  settings.gpu_layers = 0;
  settings.devices = {.names = {kNoDevice}, .mmap = settings.devices.mmap};
  return settings;
}

/// What a model can be spread over beside the CPU.
struct Device {
  std::string name;         ///< as Devices::names takes it
  std::string description;  ///< "NVIDIA H100", or the address of a server
  std::int64_t free = 0;    ///< bytes
  std::int64_t total = 0;
};

/// A model with a context: evaluates windows.
class LogitSource {
 public:
  virtual ~LogitSource() = default;
  [[nodiscard]] virtual std::int64_t vocab_size() const noexcept = 0;
  /// How many tokens one call takes, and of how many windows: all pieces of a call either start
  /// anew or continue, in the same order, those of the call before.
  [[nodiscard]] virtual std::int32_t tokens_per_call() const noexcept = 0;
  [[nodiscard]] virtual std::int32_t windows_per_call() const noexcept = 0;
  /// Logits of all wanted positions that lie in the pieces, piece after piece, each a row of
  /// vocab_size floats. Valid until the next call. Errors: ENGINE-*.
  [[nodiscard]] virtual Result<std::span<const float>> logits(std::span<const Piece> pieces) = 0;
};

enum class SpecialTokens { parsed, as_text };

/// A loaded model. Weights are shared by all sources made of it.
class Model {
 public:
  virtual ~Model() = default;
  [[nodiscard]] virtual std::int64_t vocab_size() const noexcept = 0;
  /// The token that replaces the first of every window, or -1 where the vocabulary wants none.
  [[nodiscard]] virtual Token window_start() const noexcept = 0;
  [[nodiscard]] virtual std::int32_t trained_context() const noexcept = 0;
  /// `special`: whether "</s>" in the text is the token of that name. Errors: TOKENIZER-001 the
  /// tokenizer threw (a vocabulary without byte tokens meeting a newline).
  [[nodiscard]] virtual Result<std::vector<Token>> tokenize(std::string_view text,
                                                            SpecialTokens special) = 0;
  [[nodiscard]] virtual ChatTemplate chat_template() const { return {}; }
  /// The text of one token, as it would be printed.
  [[nodiscard]] virtual std::string piece(Token token) const = 0;
  /// The token ends an answer: end of text, end of turn.
  [[nodiscard]] virtual bool ends_text(Token token) const {
    static_cast<void>(token);
    return false;
  }
  [[nodiscard]] virtual Result<std::unique_ptr<LogitSource>> open(const Settings& settings) = 0;
  /// The importance matrix of windows of settings.ctx_size tokens, as llama-imatrix makes it, with
  /// an F16 cache. Errors: ENGINE-*; ENGINE-021 where an implementation has none.
  [[nodiscard]] virtual Result<model::Importance> importance(const Settings& settings,
                                                             std::span<const Token> tokens,
                                                             Progress& progress);
};

inline Result<model::Importance> Model::importance(const Settings&, std::span<const Token>,
                                                   Progress&) {
  return fail({Kind::engine, "ENGINE-021", "", "importance matrix", "an engine that collects one",
               "one that does not", ""});
}

/// Where a model's bytes are.
struct ModelFile {
  std::string path;  ///< a file, the first shard of a split, or an anonymous file (base/platform.h)
  std::string name;  ///< what to call it in messages
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// The devices that a model would be spread over, without the CPU. Servers are greeted first:
  /// ggml ends the process where it cannot speak to one. Errors: ENGINE-005 no such device; RPC-*.
  [[nodiscard]] virtual Result<std::vector<Device>> devices(const Devices& wanted) {
    static_cast<void>(wanted);
    return std::vector<Device>{};
  }
  /// Layers and devices as the settings say. Errors: ENGINE-001 with the last lines of the log;
  /// those of devices().
  [[nodiscard]] virtual Result<std::shared_ptr<Model>> load(const ModelFile& file,
                                                            const Settings& settings) = 0;
  /// The model without its weights: it splits texts and cannot be opened. Errors as load.
  [[nodiscard]] virtual Result<std::shared_ptr<Model>> load_tokenizer(const ModelFile& file) = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  /// The text a chat template makes of a conversation; up to where the assistant speaks, if the
  /// last message is not the assistant's. Absent where this engine cannot render the template.
  [[nodiscard]] virtual std::optional<std::string> render_chat(
      const std::string& chat_template, std::span<const ChatMessage> messages) const {
    static_cast<void>(chat_template), static_cast<void>(messages);
    return std::nullopt;
  }
};

}  // namespace qualm::engine
