// A model without weights: its logits are a function of token, position and a noise level, so that
// what a measurement must find can be computed by hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "evaluate/score_pairs.h"

namespace qualm::test {

struct FakeBehaviour {
  std::int64_t vocab_size = 16;
  double noise = 0;  ///< how far its logits lie from those of the noiseless model
  std::uint64_t noise_seed = 1;
  std::int32_t tokens_per_call = 64;
  std::int32_t windows_per_call = 2;
  std::int32_t nan_position = -1;    ///< logits of this position are NaN
  std::int64_t fail_from_call = -1;  ///< this call and all after it fail with FAKE-001
  bool refuse_to_open = false;       ///< FAKE-002
};

/// What was asked of a model, by all sources made of it.
struct FakeCounts {
  std::int64_t opened = 0;
  std::int64_t calls = 0;
  std::int64_t windows = 0;  ///< begun, that is pieces at position 0
  std::int64_t tokens = 0;
};

/// Uniform in [-1, 1), the same for the same numbers on every machine (SplitMix64's mixer).
inline double fake_noise(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  std::uint64_t z = a;
  for (const std::uint64_t next : {b, c, d}) {
    z = (z ^ next) + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    z ^= z >> 31U;
  }
  return static_cast<double>(z >> 11U) * 0x1p-52 - 1.0;
}

/// The logits after `token` at `position`.
inline std::vector<float> fake_logits(const FakeBehaviour& how, engine::Token token,
                                      std::int32_t position) {
  std::vector<float> row(static_cast<std::size_t>(how.vocab_size));
  const auto t = static_cast<std::uint64_t>(token);
  const auto p = static_cast<std::uint64_t>(position);
  for (std::size_t v = 0; v < row.size(); ++v)
    row[v] = static_cast<float>(3 * fake_noise(7, t, p, v) +
                                how.noise * fake_noise(1000 + how.noise_seed, t, p, v));
  if (position == how.nan_position) row[0] = std::numeric_limits<float>::quiet_NaN();
  return row;
}

class FakeSource final : public engine::LogitSource {
 public:
  FakeSource(FakeBehaviour how, std::shared_ptr<FakeCounts> counts)
      : how_(how), counts_(std::move(counts)) {}

  std::int64_t vocab_size() const noexcept override { return how_.vocab_size; }
  std::int32_t tokens_per_call() const noexcept override { return how_.tokens_per_call; }
  std::int32_t windows_per_call() const noexcept override { return how_.windows_per_call; }

  Result<std::span<const float>> logits(std::span<const engine::Piece> pieces) override {
    if (how_.fail_from_call >= 0 && counts_->calls >= how_.fail_from_call) return broken("to work");
    ++counts_->calls;
    std::size_t tokens = 0;
    for (const auto& piece : pieces) tokens += piece.tokens.size();
    if (tokens > static_cast<std::size_t>(how_.tokens_per_call) ||
        pieces.size() > static_cast<std::size_t>(how_.windows_per_call))
      return broken("no more than one call takes");
    counts_->tokens += static_cast<std::int64_t>(tokens);
    row_.clear();
    for (const auto& piece : pieces) {
      counts_->windows += piece.position == 0 ? 1 : 0;
      for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
        const auto position = piece.position + static_cast<std::int32_t>(i);
        if (!piece.wants(position)) continue;
        const auto row = fake_logits(how_, piece.tokens[i], position);
        row_.insert(row_.end(), row.begin(), row.end());
      }
    }
    return std::span<const float>(row_);
  }

 private:
  static std::unexpected<Error> broken(const char* expected) {
    return fail({Kind::engine, "FAKE-001", "", "", expected, "a fake that was told to fail", ""});
  }

  FakeBehaviour how_;
  std::shared_ptr<FakeCounts> counts_;
  std::vector<float> row_;
};

/// Opens FakeSources, and counts.
class FakeMaker final : public evaluate::SourceMaker {
 public:
  explicit FakeMaker(FakeBehaviour how) : how_(how) {}
  Result<std::unique_ptr<engine::LogitSource>> open() override {
    if (how_.refuse_to_open)
      return fail({Kind::engine, "FAKE-002", "", "", "", "a fake that refuses to open", ""});
    ++counts_->opened;
    return std::make_unique<FakeSource>(how_, counts_);
  }
  [[nodiscard]] const FakeCounts& counts() const noexcept { return *counts_; }

 private:
  FakeBehaviour how_;
  std::shared_ptr<FakeCounts> counts_ = std::make_shared<FakeCounts>();
};

/// A model whose tokens are the bytes of the text. Settings decide only how much one call takes.
class FakeModel : public engine::Model {
 public:
  explicit FakeModel(FakeBehaviour how) : how_(how) {}
  std::int64_t vocab_size() const noexcept override { return how_.vocab_size; }
  engine::Token window_start() const noexcept override { return 1; }
  std::int32_t trained_context() const noexcept override { return 4096; }
  Result<std::vector<engine::Token>> tokenize(std::string_view text,
                                              engine::SpecialTokens) override {
    std::vector<engine::Token> tokens;
    for (const char c : text)
      tokens.push_back(static_cast<engine::Token>(static_cast<unsigned char>(c) % how_.vocab_size));
    return tokens;
  }
  std::string piece(engine::Token token) const override {
    return std::string(1, static_cast<char>(token));
  }
  Result<std::unique_ptr<engine::LogitSource>> open(const engine::Settings& settings) override {
    FakeBehaviour how = how_;
    how.tokens_per_call = settings.batch;
    how.windows_per_call = std::max(1, settings.batch / settings.ctx_size);
    if (how.refuse_to_open)
      return fail({Kind::engine, "FAKE-002", "", "", "", "a fake that refuses to open", ""});
    ++counts_->opened;
    return std::make_unique<FakeSource>(how, counts_);
  }
  [[nodiscard]] const FakeCounts& counts() const noexcept { return *counts_; }

 private:
  FakeBehaviour how_;
  std::shared_ptr<FakeCounts> counts_ = std::make_shared<FakeCounts>();
};

}  // namespace qualm::test
