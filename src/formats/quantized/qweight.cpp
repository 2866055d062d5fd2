// Modules with a tensor "qweight" (GPTQ, AWQ, AutoRound) or "B" (GPTQ marlin).
#include <fmt/format.h>

#include "codec/awq.h"
#include "codec/gptq.h"
#include "codec/marlin.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

using codec::Dtype;
using codec::Part;

enum class Layout { gptq, awq_gemm, awq_gemv, awq_gemv_fast, marlin, unknown };

std::int64_t group_size_of(const nlohmann::json& config) {
  return integer_or(config, "group_size", integer_or(config, "q_group_size", 0));
}

/// Shapes tell the layouts apart: N is the number of columns of GPTQ's and gemm's scales.
Layout find_layout(const Part& qweight, const Part& scales, bool has_zeros, bool says_gemv) {
  if (qweight.shape.size() != 2 || scales.shape.size() != 2) return Layout::unknown;
  if (qweight.dtype == Dtype::kI16 || qweight.dtype == Dtype::kU16) return Layout::awq_gemv_fast;
  const std::int64_t rows = qweight.shape[0];
  const std::int64_t columns = qweight.shape[1];
  if (!has_zeros && columns % 2 == 0 && columns / 2 == scales.shape[1]) return Layout::marlin;
  if (scales.shape[1] % 8 == 0 && columns == scales.shape[1] / 8) return Layout::awq_gemm;
  if (columns == scales.shape[1] && has_zeros && !says_gemv) return Layout::gptq;
  if (rows == scales.shape[0] && has_zeros) return Layout::awq_gemv;
  return Layout::unknown;
}

/// meta.quantizer is a string or a list of them: "gptqmodel:1.9.0".
bool made_by_gptqmodel(const nlohmann::json& config) {
  const auto meta = config.find("meta");
  if (meta == config.end() || !meta->is_object()) return false;
  const auto quantizer = meta->find("quantizer");
  return quantizer != meta->end() && quantizer->dump().find("gptqmodel") != std::string::npos;
}

codec::GptqConfig gptq_config(const Module& module) {
  const nlohmann::json& config = module.config();
  codec::GptqConfig result;
  result.bits = static_cast<int>(integer_or(config, "bits", integer_or(config, "w_bit", 0)) & 15);
  result.group_size = group_size_of(config);
  result.ordered = flag_or(config, "desc_act", false) && !flag_or(config, "static_groups", false);
  result.symmetric = flag_or(config, "sym", true);
  result.says_symmetric = flag_or(config, "sym", false);
  result.whole_word_zeros = made_by_gptqmodel(config);
  const std::string format =
      text_or(config, "checkpoint_format", text_or(config, "format", "gptq"));
  result.planar = format == "gptq_p";
  result.zeros_less_one = format != "gptq_v2" && format != "gptq_p";
  if (module.method().ends_with("auto-round")) {
    const std::string packing =
        text_or(config, "packing_format", text_or(config, "backend", "auto_round:auto_gptq"));
    result.zeros_less_one = packing.ends_with("auto_gptq") || packing.ends_with(":gptq");
  }
  return result;
}

}  // namespace

Result<Weight> read_qweight(Module& module) {
  const nlohmann::json& config = module.config();
  QUALM_TRY(const Part qweight, module.need(".qweight"));
  QUALM_TRY(const Part scales, module.need(".scales"));
  const std::optional<Part> zeros = module.take_any({".qzeros", ".scaled_zeros"});
  const std::string format = text_or(config, "checkpoint_format", text_or(config, "format", ""));
  if (format == "bitblas")
    return fail(module.error("QW-002", "a layout that is read", "BitBLAS",
                             "Use the same model in GPTQ or GGUF form."));
  const std::string version = text_or(config, "version", "");
  const std::int64_t group_size = group_size_of(config);
  switch (find_layout(qweight, scales, zeros.has_value(), version == "gemv")) {
    case Layout::gptq:
      return module.finish(
          codec::make_gptq({qweight, *zeros, scales, module.take(".g_idx")}, gptq_config(module)));
    case Layout::awq_gemm:
      return module.finish(codec::make_awq_gemm({qweight, zeros, scales}, group_size));
    case Layout::awq_gemv:
      return module.finish(codec::make_awq_gemv({qweight, zeros, scales}, group_size));
    case Layout::awq_gemv_fast:
      return module.finish(codec::make_awq_gemv_fast({qweight, zeros, scales}, group_size));
    case Layout::marlin:
      return module.finish(codec::make_marlin({qweight, scales}));
    case Layout::unknown:
      break;
  }
  return fail(module.error(
      "QW-005", "qweight, qzeros and scales in the shapes of GPTQ or AWQ",
      fmt::format("qweight {}, scales {}{}", codec::shape_text(qweight), codec::shape_text(scales),
                  zeros ? ", qzeros " + codec::shape_text(*zeros) : ", no qzeros"),
      "Tell us which tool wrote the file."));
}

Result<Weight> read_gptq_marlin(Module& module) {
  QUALM_TRY(const Part weight, module.need(".B"));
  QUALM_TRY(const Part scales, module.need(".s"));
  return module.finish(codec::make_marlin({weight, scales}));
}

}  // namespace qualm::formats
