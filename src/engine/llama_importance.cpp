#include "engine/llama_importance.h"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <ggml.h>
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "engine/llama_log.h"
#include "engine/llama_pointers.h"
#include "model/layer_name.h"

namespace qualm::engine {
namespace {

constexpr std::int64_t kLeastRows = 16;  // llama-imatrix does not count smaller batches

struct Sums {
  std::vector<float> squares;  ///< columns x matrices
  std::vector<std::int64_t> counts;
  float largest = 0;
};

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The bytes of a tensor, copied from the device where they are not in the host's memory.
class HostData {
 public:
  explicit HostData(const ggml_tensor& tensor) : tensor_(tensor) {
    if (ggml_backend_buffer_is_host(tensor.buffer)) {
      data_ = static_cast<const char*>(tensor.data);
    } else {
      copy_.resize(ggml_nbytes(&tensor));
      ggml_backend_tensor_get(&tensor, copy_.data(), 0, copy_.size());
      data_ = copy_.data();
    }
  }
  template <class T>
  [[nodiscard]] const T* at(std::int64_t i1, std::int64_t i2 = 0, std::int64_t i3 = 0) const {
    return reinterpret_cast<const T*>(data_ + index(i1) * tensor_.nb[1] +
                                      index(i2) * tensor_.nb[2] + index(i3) * tensor_.nb[3]);
  }

 private:
  const ggml_tensor& tensor_;
  std::vector<char> copy_;
  const char* data_ = nullptr;
};

/// Watches the graph: the callback of a context.
class Collector {
 public:
  static bool on_node(ggml_tensor* node, bool ask, void* self) {
    if (ask) return wanted(*node);
    static_cast<Collector*>(self)->take(*node);
    return true;
  }
  [[nodiscard]] model::Importance result() const {
    model::Importance importance;
    for (const auto& [name, sums] : sums_) {
      model::ImportanceEntry entry{name, sums.squares, sums.counts, sums.largest};
      const std::size_t columns = sums.squares.size() / sums.counts.size();
      for (std::size_t i = 0; i < entry.mean_squares.size(); ++i)
        if (const auto n = sums.counts[i / columns]; n > 0)
          entry.mean_squares[i] /= static_cast<float>(n);
      importance.entries.push_back(std::move(entry));
    }
    return importance;
  }

 private:
  /// Backends may put a prefix before the name: "CUDA0#blk.0.attn_k.weight#0".
  static std::string weight_name(const ggml_tensor& node) {
    std::string name = node.src[0]->name;
    if (const auto begin = name.find('#'); begin != std::string::npos) {
      const auto end = name.find('#', begin + 1);
      name = name.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
    }
    return name;
  }
  static bool wanted(const ggml_tensor& node) {
    if (node.op != GGML_OP_MUL_MAT && node.op != GGML_OP_MUL_MAT_ID) return false;
    if (node.src[1]->type != GGML_TYPE_F32 || !model::layer_of(weight_name(node))) return false;
    return node.op == GGML_OP_MUL_MAT_ID || node.src[1]->ne[1] >= kLeastRows;
  }

  Sums& sums_for(const ggml_tensor& node, std::int64_t matrices) {
    Sums& sums = sums_[weight_name(node)];
    sums.squares.resize(index(node.src[1]->ne[0] * matrices));
    sums.counts.resize(index(matrices));
    return sums;
  }

  static void add(Sums& sums, std::int64_t matrix, const float* row, std::int64_t columns) {
    float* into = sums.squares.data() + matrix * columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      into[c] += row[c] * row[c];
      sums.largest = std::max(sums.largest, std::abs(row[c]));
    }
    ++sums.counts[index(matrix)];
  }

  void take(const ggml_tensor& node) {
    const ggml_tensor& input = *node.src[1];
    const HostData data(input);
    if (node.op == GGML_OP_MUL_MAT) {
      Sums& sums = sums_for(node, 1);
      for (std::int64_t i3 = 0; i3 < input.ne[3]; ++i3)
        for (std::int64_t i2 = 0; i2 < input.ne[2]; ++i2)
          for (std::int64_t i1 = 0; i1 < input.ne[1]; ++i1)
            add(sums, 0, data.at<float>(i1, i2, i3), input.ne[0]);
      return;
    }
    // ids: experts used x tokens; input: columns x (1 or experts used) x tokens
    const ggml_tensor& ids = *node.src[2];
    const HostData chosen(ids);
    Sums& sums = sums_for(node, node.src[0]->ne[2]);
    for (std::int64_t token = 0; token < ids.ne[1]; ++token)
      for (std::int64_t slot = 0; slot < ids.ne[0]; ++slot) {
        const std::int32_t expert = chosen.at<std::int32_t>(token)[slot];
        if (expert < 0 || expert >= node.src[0]->ne[2]) continue;
        add(sums, expert, data.at<float>(slot % input.ne[1], token), input.ne[0]);
      }
  }

  std::map<std::string, Sums> sums_;
};

Error engine_error(const char* code, const std::string& name, const char* expected,
                   std::string found) {
  if (const std::string log = take_llama_log(); !log.empty()) found += "; libllama says: " + log;
  return {Kind::engine, code, name, "importance matrix", expected, std::move(found), ""};
}

ContextPointer open_context(llama_model& model, const Settings& settings, Collector& collector) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<std::uint32_t>(settings.ctx_size);
  params.n_batch = params.n_ctx;
  params.n_ubatch = static_cast<std::uint32_t>(std::min(settings.ubatch, settings.ctx_size));
  params.n_threads = settings.threads;
  params.n_threads_batch = settings.threads;
  params.no_perf = true;
  params.cb_eval = Collector::on_node;
  params.cb_eval_user_data = &collector;
  return ContextPointer(llama_init_from_model(&model, params));
}

/// All positions are asked for: rows whose logits nobody wants are cut from the last layer.
int decode(llama_context& context, std::span<const Token> window, llama_batch& batch) {
  batch.n_tokens = 0;
  for (const Token token : window) {
    const std::int32_t n = batch.n_tokens++;
    batch.token[n] = token;
    batch.pos[n] = n;
    batch.n_seq_id[n] = 1;
    batch.seq_id[n][0] = 0;
    batch.logits[n] = 1;
  }
  try {
    llama_memory_clear(llama_get_memory(&context), true);
    return llama_decode(&context, batch);
  } catch (...) {
    return -1000;  // libllama is C++ inside; its exceptions end here
  }
}

}  // namespace

Result<model::Importance> collect_importance(llama_model& model, const std::string& name,
                                             const Settings& settings,
                                             std::span<const Token> tokens, Progress& progress) {
  Collector collector;
  const ContextPointer context = open_context(model, settings, collector);
  if (!context) return fail(engine_error("ENGINE-002", name, "a context", "none"));
  const std::unique_ptr<llama_batch, void (*)(llama_batch*)> batch(
      new llama_batch(llama_batch_init(settings.ctx_size, 0, 1)), [](llama_batch* held) {
        llama_batch_free(*held);
        delete held;
      });
  const auto size = static_cast<std::size_t>(settings.ctx_size);
  const std::size_t windows = tokens.size() / size;
  for (std::size_t i = 0; i < windows; ++i) {
    progress.update("collecting the importance matrix", static_cast<std::int64_t>(i),
                    static_cast<std::int64_t>(windows));
    if (progress.cancelled())
      return fail(
          {Kind::cancelled, "ENGINE-020", name, "importance matrix", "", "stopped on request", ""});
    if (const int status = decode(*context, tokens.subspan(i * size, size), *batch); status != 0)
      return fail(engine_error("ENGINE-003", name, "libllama to evaluate a batch",
                               fmt::format("llama_decode returned {}", status)));
  }
  return collector.result();
}

}  // namespace qualm::engine
