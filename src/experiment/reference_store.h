// Kept windows of originals (evaluate/kept_rows.h): the last ones in memory, all in a database.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "evaluate/kept_rows.h"
#include "evaluate/score_pairs.h"

namespace qualm::experiment {

class ReferenceStore {
 public:
  /// Of `blobs` only recall and remember are used. `memory`: bytes of windows held in memory.
  ReferenceStore(std::unique_ptr<evaluate::WindowStore> blobs, std::int64_t memory)
      : blobs_(std::move(blobs)), memory_(memory) {}

  /// From now on: what was told of the memory is kept to, however many windows are read.
  void hold_at_most(std::int64_t memory) noexcept { memory_ = std::min(memory_, memory); }

  /// The windows of one original, text and setting. It lives no longer than this.
  [[nodiscard]] std::unique_ptr<evaluate::Reference> of(std::string key);

 private:
  class Windows;
  using Id = std::pair<std::string, std::int32_t>;
  struct Held {
    Id id;
    std::shared_ptr<const evaluate::KeptWindow> window;
    std::int64_t bytes = 0;
  };

  [[nodiscard]] std::shared_ptr<const evaluate::KeptWindow> find(const Id& id);
  void keep(const Id& id, std::shared_ptr<const evaluate::KeptWindow> window);
  void hold(const Id& id, std::shared_ptr<const evaluate::KeptWindow> window);

  std::unique_ptr<evaluate::WindowStore> blobs_;
  std::int64_t memory_;
  std::int64_t held_bytes_ = 0;
  std::list<Held> held_;  ///< the last used first
  std::map<Id, std::list<Held>::iterator> by_id_;
};

/// How many models may be in memory.
enum class Hold : std::uint8_t { all, one };

/// Where windows are kept between and during runs.
struct Stores {
  evaluate::WindowStore& scores;
  ReferenceStore* references = nullptr;  ///< null: the reference runs beside each run, always
  Hold hold = Hold::all;  ///< one: reference and run are never loaded together; needs references
};

}  // namespace qualm::experiment
