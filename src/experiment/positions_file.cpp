#include "experiment/positions_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "formats/safetensors/safetensors.h"
#include "formats/safetensors/write.h"

namespace qualm::experiment {
namespace {

using codec::Dtype;
using evaluate::Score;
using evaluate::WindowScores;

constexpr const char* kPositionsKey = "qualm.positions";
constexpr int kPositionsVersion = 1;
constexpr std::uint8_t kTopIsSame = 1;
constexpr std::uint8_t kIsFinite = 2;
constexpr std::uint8_t kIsLost = 4;

/// One value for each position, window after window.
struct PositionColumns {
  std::vector<std::int32_t> window;
  std::vector<std::int32_t> position;
  std::vector<double> nll_original;
  std::vector<double> nll;
  std::vector<float> kld;
  std::vector<float> delta_p;
  std::vector<float> confidence;
  std::vector<std::uint8_t> flags;

  void add(const Score& score) {
    nll_original.push_back(score.nll_p);
    nll.push_back(score.nll_q);
    kld.push_back(score.kld);
    delta_p.push_back(score.delta_p);
    confidence.push_back(score.confidence);
    flags.push_back(static_cast<std::uint8_t>((score.same_top ? kTopIsSame : 0) |
                                              (score.finite ? kIsFinite : 0) |
                                              (score.lost ? kIsLost : 0)));
  }
  [[nodiscard]] Score at(std::size_t window_at, std::size_t row) const {
    const std::size_t i = window_at * position.size() + row;
    return {.nll_p = nll_original[i],
            .nll_q = nll[i],
            .kld = kld[i],
            .delta_p = delta_p[i],
            .confidence = confidence[i],
            .position = position[row],
            .same_top = (flags[i] & kTopIsSame) != 0,
            .finite = (flags[i] & kIsFinite) != 0,
            .lost = (flags[i] & kIsLost) != 0};
  }
};

PositionColumns columns_of(const std::vector<WindowScores>& windows) {
  PositionColumns columns;
  for (const WindowScores& window : windows) {
    columns.window.push_back(window.window);
    for (const Score& score : window.scores) columns.add(score);
  }
  if (!windows.empty())
    for (const Score& score : windows.front().scores) columns.position.push_back(score.position);
  return columns;
}

/// The columns as tensors, which borrow them.
void add_tensors(const PositionColumns& columns, std::size_t number,
                 std::vector<codec::Part>& parts) {
  const auto windows = static_cast<std::int64_t>(columns.window.size());
  const auto rows = static_cast<std::int64_t>(columns.position.size());
  const auto add = [&](const char* name, Dtype dtype, std::vector<std::int64_t> shape,
                       const auto& values) {
    parts.push_back({fmt::format("{}/{}", number, name), dtype, std::move(shape),
                     std::as_bytes(std::span(values)), nullptr});
  };
  add("window", Dtype::kI32, {windows}, columns.window);
  add("position", Dtype::kI32, {rows}, columns.position);
  add("nll_original", Dtype::kF64, {windows, rows}, columns.nll_original);
  add("nll", Dtype::kF64, {windows, rows}, columns.nll);
  add("kld", Dtype::kF32, {windows, rows}, columns.kld);
  add("delta_p", Dtype::kF32, {windows, rows}, columns.delta_p);
  add("confidence", Dtype::kF32, {windows, rows}, columns.confidence);
  add("flags", Dtype::kU8, {windows, rows}, columns.flags);
}

std::unexpected<Error> refuse_positions(const std::string& file, const char* code,
                                        std::string place, std::string expected,
                                        std::string found) {
  return fail({Kind::input, code, file, std::move(place), std::move(expected), std::move(found),
               "Write it again with `qualm measure --positions`."});
}

class PositionsReader {
 public:
  PositionsReader(const safetensors::Container& tensors, std::string file)
      : tensors_(tensors), file_(std::move(file)) {}

  [[nodiscard]] Result<std::vector<WindowScores>> windows(std::size_t number) const {
    PositionColumns columns;
    QUALM_CHECK(read(number, "window", Dtype::kI32, {-1}, columns.window));
    QUALM_CHECK(read(number, "position", Dtype::kI32, {-1}, columns.position));
    const std::vector shape{std::ssize(columns.window), std::ssize(columns.position)};
    const std::vector<std::int64_t> of_all(shape.begin(), shape.end());
    QUALM_CHECK(read(number, "nll_original", Dtype::kF64, of_all, columns.nll_original));
    QUALM_CHECK(read(number, "nll", Dtype::kF64, of_all, columns.nll));
    QUALM_CHECK(read(number, "kld", Dtype::kF32, of_all, columns.kld));
    QUALM_CHECK(read(number, "delta_p", Dtype::kF32, of_all, columns.delta_p));
    QUALM_CHECK(read(number, "confidence", Dtype::kF32, of_all, columns.confidence));
    QUALM_CHECK(read(number, "flags", Dtype::kU8, of_all, columns.flags));
    return scores(number, columns);
  }

 private:
  /// A dimension of -1 may have any length over 0.
  template <class T>
  [[nodiscard]] Result<void> read(std::size_t number, const char* name, Dtype dtype,
                                  const std::vector<std::int64_t>& shape,
                                  std::vector<T>& out) const {
    const std::string full = fmt::format("{}/{}", number, name);
    const codec::Part* part = tensors_.find(full);
    const bool fits = part && part->dtype == dtype &&
                      std::ranges::equal(part->shape, shape, [](auto found, auto wanted) {
                        return wanted == -1 ? found > 0 : found == wanted;
                      });
    if (!fits)
      return refuse_positions(
          file_, "POSITIONS-003", "tensor " + full,
          fmt::format("{} [{}]", codec::dtype_name(dtype), fmt::join(shape, ", ")),
          part ? codec::shape_text(*part) : "no such tensor");
    out.resize(part->bytes.size() / sizeof(T));
    if (!out.empty()) std::memcpy(out.data(), part->bytes.data(), part->bytes.size());
    return {};
  }

  [[nodiscard]] Result<std::vector<WindowScores>> scores(std::size_t number,
                                                         const PositionColumns& columns) const {
    const auto wrong = [&](const char* name, std::string expected, std::string found) {
      return refuse_positions(file_, "POSITIONS-004", fmt::format("tensor {}/{}", number, name),
                              std::move(expected), std::move(found));
    };
    if (!rises(columns.window)) return wrong("window", "rising numbers from 0", "others");
    if (!rises(columns.position)) return wrong("position", "rising numbers from 0", "others");
    std::vector<WindowScores> windows;
    for (std::size_t w = 0; w < columns.window.size(); ++w) {
      WindowScores window{.window = columns.window[w], .scores = {}};
      for (std::size_t r = 0; r < columns.position.size(); ++r) {
        const Score score = columns.at(w, r);
        if (!sound(score))
          return wrong("flags", "finite scores",
                       fmt::format("others in window {}, row {}", window.window, r));
        window.scores.push_back(score);
      }
      windows.push_back(std::move(window));
    }
    return windows;
  }
  [[nodiscard]] static bool rises(const std::vector<std::int32_t>& numbers) {
    return numbers.front() >= 0 &&
           std::ranges::adjacent_find(numbers, std::greater_equal<>()) == numbers.end();
  }
  [[nodiscard]] static bool sound(const Score& s) {
    return std::isfinite(s.nll_p) && std::isfinite(s.nll_q) && std::isfinite(s.kld) &&
           std::isfinite(s.delta_p) && std::isfinite(s.confidence) && !(s.finite && s.lost);
  }

  const safetensors::Container& tensors_;
  std::string file_;
};

/// The hashes of each result; its windows are still to be read.
Result<std::vector<Positions>> described(const safetensors::Container& tensors,
                                         const std::string& file) {
  const auto found = tensors.metadata().find(kPositionsKey);
  if (found == tensors.metadata().end())
    return refuse_positions(file, "POSITIONS-001", "", "a file of `qualm measure --positions`",
                            "another safetensors file");
  QUALM_TRY(const auto json, formats::parse_json(found->second, file, kPositionsKey));
  const auto refuse = [&](const char* place, const std::string& expected) {
    return refuse_positions(file, "POSITIONS-002", place, expected, "something else, or nothing");
  };
  if (formats::member(json, "version") != kPositionsVersion)
    return refuse("version", fmt::format("{}", kPositionsVersion));
  const auto& results = formats::member(json, "results");
  if (!results.is_array()) return refuse("results", "a list");
  std::vector<Positions> all;
  for (const auto& result : results) {
    Positions& one = all.emplace_back();
    for (const auto& [key, field] : {std::pair{"candidate", &one.candidate},
                                     {"original", &one.original},
                                     {"text", &one.text}}) {
      const auto& value = formats::member(result, key);
      if (!value.is_string()) return refuse(key, "a hash");
      *field = value.get<std::string>();
    }
  }
  return all;
}

}  // namespace

Result<void> write_positions(std::span<const Positions> results, const std::string& path) {
  std::vector<PositionColumns> columns;  // the tensors point into it
  nlohmann::ordered_json description{{"version", kPositionsVersion},
                                     {"results", nlohmann::ordered_json::array()}};
  for (const Positions& one : results) {
    if (one.windows.empty()) continue;
    columns.push_back(columns_of(one.windows));
    description["results"].push_back(
        {{"candidate", one.candidate}, {"original", one.original}, {"text", one.text}});
  }
  std::vector<codec::Part> parts;
  for (std::size_t i = 0; i < columns.size(); ++i) add_tensors(columns[i], i, parts);
  return safetensors::write(path, parts, {{kPositionsKey, description.dump()}});
}

Result<std::vector<Positions>> read_positions(const std::shared_ptr<const FileSource>& file) {
  QUALM_TRY(const auto tensors, safetensors::open_file(file));
  QUALM_TRY(auto all, described(tensors, file->path()));
  const PositionsReader reader(tensors, file->path());
  for (std::size_t i = 0; i < all.size(); ++i) {
    QUALM_TRY(all[i].windows, reader.windows(i));
  }
  return all;
}

}  // namespace qualm::experiment
