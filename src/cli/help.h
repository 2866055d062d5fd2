// Help texts: how options are named and grouped, and examples of each command.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qualm::cli {

inline constexpr const char* kDescription =
    "qualm measures why a quantized language model got worse, and gives the fix.";

/// Formats the help of the program and of each command, and answers --version.
void set_help(CLI::App& app);

/// The words after the program's name. CLI11 knows options of one letter and of words; llama.cpp's
/// -ctk and the like are neither. They become the long names here.
[[nodiscard]] std::vector<std::string> with_llama_names(int argc, const char* const* argv);

}  // namespace qualm::cli
