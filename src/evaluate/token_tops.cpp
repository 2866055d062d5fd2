#include "evaluate/token_tops.h"

#include <algorithm>
#include <cmath>

namespace qualm::evaluate {
namespace {

std::vector<Tops> tops_of(const KeptWindow& window) {
  std::vector<Tops> all;
  all.reserve(window.rows.size());
  for (const KeptRow& row : window.rows) all.push_back(evaluate::tops_of(row));
  return all;
}

/// Takes the tops of a window that was run, and nothing else of it.
class TopsAlone final : public Reference {
 public:
  TopsAlone(Reference* kept, WindowTops& tops) : kept_(kept), tops_(tops) {}
  std::shared_ptr<const KeptWindow> find(std::int32_t window) override {
    return kept_ ? kept_->find(window) : nullptr;
  }
  void keep(std::int32_t window, std::shared_ptr<const KeptWindow> kept) override {
    tops_.insert_or_assign(window, tops_of(*kept));
  }

 private:
  Reference* kept_;
  WindowTops& tops_;
};

}  // namespace

Tops tops_of(const KeptRow& row) {
  if (!row.finite) return {};
  // A distribution so flat that none of its tokens is kept still has a first one.
  std::vector<TokenLogP> tokens = row.tokens.empty() ? std::vector{row.top} : row.tokens;
  const auto count = std::min(kTops, tokens.size());
  const auto end = tokens.begin() + static_cast<std::ptrdiff_t>(count);
  std::ranges::partial_sort(tokens, end, [](const TokenLogP& a, const TokenLogP& b) {
    return a.log_p != b.log_p ? a.log_p > b.log_p : a.token < b.token;
  });
  Tops tops;
  for (auto it = tokens.begin(); it != end; ++it) tops.push_back({it->token, std::exp(it->log_p)});
  return tops;
}

Result<ReadTops> read_tops(SourceMaker& model, const TopsReading& reading, Reference* kept,
                           Progress& progress) {
  ReadTops read;
  TopsAlone reference(kept, read.tops);
  const auto side = kept_original(model, reference, reading.text, reading.threads);
  QUALM_CHECK(side->read_ahead(side->unknown(reading.windows), reading.step, progress));
  for (const std::int32_t window : reading.windows)
    if (const auto known = reference.find(window))
      read.tops.insert_or_assign(window, tops_of(*known));
  read.passes = side->passes();
  return read;
}

}  // namespace qualm::evaluate
