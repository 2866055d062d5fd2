#include "experiment/pack_columns.h"
#include "experiment/pack_description.h"
#include "experiment/reference_pack.h"
#include "formats/safetensors/write.h"

namespace qualm::experiment {
namespace {

using codec::Dtype;

/// The tensors of a file; what they are made of must outlive it.
class Tensors {
 public:
  template <class T>
  void add(const std::string& name, Dtype dtype, std::vector<std::int64_t> shape,
           std::span<const T> values) {
    parts_.push_back({name, dtype, std::move(shape), std::as_bytes(values), nullptr});
  }
  [[nodiscard]] std::span<const codec::Part> parts() const { return parts_; }

 private:
  std::vector<codec::Part> parts_;
};

void add(const std::string& name, const TokenColumns& columns, std::int64_t rows,
         Tensors& tensors) {
  const std::vector<std::int64_t> shape{rows, static_cast<std::int64_t>(columns.width)};
  tensors.add<std::int32_t>(name + ".id", Dtype::kI32, shape, columns.ids);
  tensors.add<float>(name + ".log_p", Dtype::kF32, shape, columns.log_p);
}

/// A text's columns.
struct Columns {
  RowColumns rows;
  std::vector<ScoreColumns> scores;
};

Columns columns_of(const PackText& text) {
  Columns columns{to_columns(text.kept), {}};
  for (const auto& scores : text.scores) columns.scores.push_back(to_columns(scores));
  return columns;
}

void add(const PackText& text, const Columns& columns, std::span<const PackType> types,
         Tensors& tensors) {
  const std::string in = text.name + "/";
  const std::int64_t windows = text.windows.count();
  const auto rows = static_cast<std::int64_t>(columns.rows.nll.size());
  tensors.add<char>(in + "text", Dtype::kU8, {static_cast<std::int64_t>(text.text.size())},
                    text.text);
  tensors.add<engine::Token>(in + "tokens", Dtype::kI32, {windows, text.windows.ctx_size},
                             text.windows.tokens);
  tensors.add<std::int32_t>(in + "order", Dtype::kI32, {windows}, text.windows.order);
  tensors.add<double>(in + "nll", Dtype::kF64, {rows}, columns.rows.nll);
  tensors.add<double>(in + "rest", Dtype::kF64, {rows}, columns.rows.rest);
  add(in + "top", columns.rows.top, rows, tensors);
  add(in + "drawn", columns.rows.drawn, rows, tensors);
  for (std::size_t i = 0; i < columns.scores.size(); ++i) {
    const std::string of = in + types[i].name + "/";
    tensors.add<float>(of + "nll", Dtype::kF32, {rows}, columns.scores[i].nll);
    tensors.add<float>(of + "kld", Dtype::kF32, {rows}, columns.scores[i].kld);
    tensors.add<std::uint8_t>(of + "flags", Dtype::kU8, {rows}, columns.scores[i].flags);
  }
}

}  // namespace

Result<void> write_pack(const ReferencePack& pack, const std::string& path) {
  std::vector<Columns> columns;  // the tensors point into it
  columns.reserve(pack.texts.size());
  for (const PackText& text : pack.texts) columns.push_back(columns_of(text));
  Tensors tensors;
  for (std::size_t i = 0; i < pack.texts.size(); ++i)
    add(pack.texts[i], columns[i], pack.types, tensors);
  return safetensors::write(path, tensors.parts(), {{kPackKey, to_json(pack)}});
}

}  // namespace qualm::experiment
