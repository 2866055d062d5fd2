// The JSON of a reference pack: everything but its tensors. Internal to the reader and the writer.
#pragma once

#include <string>

#include "base/error.h"
#include "experiment/reference_pack.h"

namespace qualm::experiment {

inline constexpr const char* kPackKey = "qualm.reference";

[[nodiscard]] std::string to_json(const ReferencePack& pack);

/// The pack without what tensors hold; `windows` of a text says what the text's tensors must have.
struct PackDescription {
  struct Windows {
    std::int64_t count = 0;
    std::int32_t ctx_size = 0;
    std::int32_t first = 0;
    std::int32_t last = 0;
    friend bool operator==(const Windows&, const Windows&) = default;
  };
  ReferencePack pack;
  std::vector<Windows> windows;  ///< one for each text
};
/// Errors: PACK-002, PACK-003; JSON-*.
[[nodiscard]] Result<PackDescription> pack_from_json(const std::string& text,
                                                     const std::string& file);

/// A refusal of a pack that is damaged or forged.
[[nodiscard]] std::unexpected<Error> refuse_pack(const std::string& file, const char* code,
                                                 std::string place, std::string expected,
                                                 std::string found);

}  // namespace qualm::experiment
