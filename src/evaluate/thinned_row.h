// A kept row (kept_rows.h) with fewer tokens: what a reference pack holds of it.
#pragma once

#include <cstddef>
#include <memory>

#include "evaluate/kept_rows.h"
#include "numeric/random.h"

namespace qualm::evaluate {

/// The row with the `most` likeliest of its tokens, `top` first and always. The others join the
/// rest. kDraws tokens are drawn from that: by P and independent of each other, where those of
/// `kept` are.
[[nodiscard]] KeptRow thinned(const KeptRow& kept, std::size_t most, numeric::Random random);
/// All rows of a window, each with draws of its own.
[[nodiscard]] std::shared_ptr<const KeptWindow> thinned(const KeptWindow& kept, std::size_t most,
                                                        numeric::Random seeds);

}  // namespace qualm::evaluate
