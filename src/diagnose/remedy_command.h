// llama-quantize's per-tensor types: which to ask for, and how to ask.
#pragma once

#include <string>
#include <vector>

#include "diagnose/class_group.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// What the candidate calls its own type, where that can be made without an importance matrix; else
/// the floor type.
[[nodiscard]] std::string own_type(const model::Checkpoint& candidate);

/// The standard type that fits what the candidate's matrices outside `group` have.
[[nodiscard]] std::string type_of_rest(const model::Checkpoint& candidate, const ClassGroup& group);

/// That type with the group in more bits, from the smallest on; at least one. Types that do not fit
/// the rows are left out. A router needs no override: llama-quantize leaves it in floats.
[[nodiscard]] std::vector<Weights> overrides_for(const model::Checkpoint& candidate,
                                                 const ClassGroup& group);

/// The original as llama.cpp's tools take it, a GGUF: as a word of the shell, and the command that
/// makes it so, "... && ", empty where it is one.
struct GgufOriginal {
  std::string make;
  std::string path;
};
[[nodiscard]] GgufOriginal gguf_original(const Given& given);

/// The command line that makes requantized weights of that GGUF, for a POSIX shell. `imatrix` is
/// the path of an importance matrix, or empty.
[[nodiscard]] std::string quantize_command(const Given& given, const Weights& weights,
                                           const std::string& imatrix = "");

/// "tiny-F16" of "models/tiny-F16.gguf"; the last folder's name of a folder.
[[nodiscard]] std::string stem_of(std::string path);

/// In single quotes where the shell would not take the word as it stands.
[[nodiscard]] std::string shell_word(const std::string& word);

}  // namespace qualm::diagnose
