// Numbers for people. Sizes and counts are decimal (1 MB = 10^6 bytes), as file managers and model
// pages state them; three significant digits at most after scaling.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace qualm {

/// "999 B", "11.6 MB", "1.18 GB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// "656", "5.82 M", "8.03 B" (10^9): how many weights or tokens.
[[nodiscard]] std::string count_text(std::uint64_t count);

/// "340 ms", "12.3 s", "4 min 05 s", "1 h 02 min". Negative durations read as 0.
[[nodiscard]] std::string duration_text(std::chrono::duration<double> duration);

/// "9,223,372,036,854,775,807".
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace qualm
