// Files that come with qualm: the demo's models and the text used where the user gives none.
#pragma once

#include <string>

#include "base/error.h"

namespace qualm::commands {

/// The --accept that demo and clinic use: the bundled models lose so little that qualm's own least
/// line would let Q3_K_M pass. 1.5 times what Q4_K_M costs the bundled base model, 0.0039
/// nat/token.
inline constexpr const char* kTinyAccept = "kld_mean<0.006";

/// Where the program was installed its files are in ../share/qualm: sets QUALM_DATA for this
/// process and its jobs, unless the user has.
void look_for_data_beside(const std::string& program);

/// Looks in $QUALM_DATA, then where the program was built.
/// DATA-001: not found, with the places that were tried.
[[nodiscard]] Result<std::string> data_file(const std::string& name);

/// The text of -f, or the bundled one. DATA-002: not UTF-8-ish text (a NUL byte), FILE-*.
[[nodiscard]] Result<std::string> read_text(const std::string& path);

}  // namespace qualm::commands
