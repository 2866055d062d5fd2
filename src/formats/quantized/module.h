// The raw tensors of one module while a scheme's reader picks its parts. Internal to this folder.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/matrix.h"
#include "formats/quantized_linear.h"

namespace qualm::formats {

class Module {
 public:
  Module(const safetensors::Container& container, const QuantizationConfig& config,
         std::string name, Sizes sizes)
      : container_(container), config_(config), name_(std::move(name)), sizes_(sizes) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const nlohmann::json& config() const noexcept { return config_.values; }
  [[nodiscard]] const std::string& method() const noexcept { return config_.method; }
  [[nodiscard]] const Sizes& sizes() const noexcept { return sizes_; }

  /// The tensor named name() + suffix, or null. Looking is not taking.
  [[nodiscard]] const codec::Part* find(std::string_view suffix) const {
    return container_.find(name_ + std::string(suffix));
  }
  /// The first tensor whose name begins with name() + prefix, or null.
  [[nodiscard]] const codec::Part* find_prefix(std::string_view prefix) const;

  /// The container's __metadata__ of name() + suffix; empty where there is none.
  [[nodiscard]] std::string_view metadata(std::string_view suffix) const {
    const auto found = container_.metadata().find(name_ + std::string(suffix));
    return found == container_.metadata().end() ? std::string_view() : found->second;
  }

  /// Takes a part: its bytes count as the weight's.
  [[nodiscard]] std::optional<codec::Part> take(std::string_view suffix);
  /// The first of several names.
  [[nodiscard]] std::optional<codec::Part> take_any(
      std::initializer_list<std::string_view> suffixes);
  /// QW-003 where there is none.
  [[nodiscard]] Result<codec::Part> need(std::string_view suffix);
  [[nodiscard]] Result<codec::Part> need_any(std::initializer_list<std::string_view> suffixes);
  void use(const codec::Part& part);  ///< counts a part found otherwise

  [[nodiscard]] Error error(std::string code, std::string expected, std::string found,
                            std::string advice) const;

  /// The finished weight: decoded matrix, parts taken, and the tensors beside it that hold no
  /// weight (activation scales and the like).
  [[nodiscard]] Result<Weight> finish(Result<codec::Matrix> matrix) const;

 private:
  /// The finite number that a tensor holds; absent where it holds none or several.
  [[nodiscard]] std::optional<double> number(std::string_view suffix) const;
  [[nodiscard]] std::optional<double> input_scale() const;

  const safetensors::Container& container_;
  const QuantizationConfig& config_;
  std::string name_;
  Sizes sizes_;
  std::vector<std::string> taken_;
  std::int64_t bytes_ = 0;
};

/// Members of a configuration, whatever a hostile one holds under the key.
[[nodiscard]] std::int64_t integer_or(const nlohmann::json& object, std::string_view key,
                                      std::int64_t otherwise);
[[nodiscard]] std::string text_or(const nlohmann::json& object, std::string_view key,
                                  std::string otherwise);  ///< lower case
[[nodiscard]] bool flag_or(const nlohmann::json& object, std::string_view key, bool otherwise);

// One reader for each family; they expect the primary tensor to be there.
[[nodiscard]] Result<Weight> read_qweight(Module& module);      ///< GPTQ, AWQ, AutoRound: .qweight
[[nodiscard]] Result<Weight> read_gptq_marlin(Module& module);  ///< .B
[[nodiscard]] Result<Weight> read_exl2(Module& module);         ///< .q_weight
[[nodiscard]] Result<Weight> read_exl3(Module& module);         ///< .trellis
[[nodiscard]] Result<Weight> read_hqq(Module& module);          ///< .W_q
[[nodiscard]] Result<Weight> read_weight_packed(Module& module);  ///< compressed-tensors
[[nodiscard]] Result<Weight> read_blocks(Module& module);         ///< gpt-oss MXFP4
[[nodiscard]] Result<Weight> read_quanto(Module& module);         ///< .weight._data
[[nodiscard]] Result<Weight> read_torchao(Module& module);        ///< ._weight_qdata, 8 bit
[[nodiscard]] Result<Weight> read_named_weight(Module& module);   ///< .weight: plain, FP8, bnb, ...

}  // namespace qualm::formats
