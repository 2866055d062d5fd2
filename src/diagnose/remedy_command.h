// llama-quantize's per-tensor types: which to ask for, and how to ask.
#pragma once

#include <string>
#include <vector>

#include "diagnose/checks.h"
#include "diagnose/class_group.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// What the candidate calls its own type, where that can be made without an importance matrix; else
/// the floor type.
[[nodiscard]] std::string own_type(const model::Checkpoint& candidate);

/// The standard type that fits what the candidate's matrices outside `group` have.
[[nodiscard]] std::string type_of_rest(const model::Checkpoint& candidate, const ClassGroup& group);

/// type_of_rest() with the group as Q6_K, Q8_0 or F16: of the types that fit its rows the two
/// smallest, the smallest first; at least one. A router needs no override: llama-quantize leaves it
/// in floats.
[[nodiscard]] std::vector<Weights> overrides_for(const model::Checkpoint& candidate,
                                                 const ClassGroup& group);

/// The original as a GGUF, for a shell command of llama.cpp's tools.
struct GgufOriginal {
  std::string make;  ///< the command that converts it, with " && " at its end; empty: it is a GGUF
  std::string path;  ///< of the GGUF, quoted for the shell
};
[[nodiscard]] GgufOriginal gguf_original(const Given& given);

/// The command line that makes requantized weights of that GGUF, for a POSIX shell. `imatrix` is
/// the path of an importance matrix, or empty.
[[nodiscard]] std::string quantize_command(const Given& given, const Weights& weights,
                                           const std::string& imatrix = "");

/// llama-imatrix on exactly the windows of `text`, for a shell. It names the windows that qualm
/// measured on as well: qualm's own matrix is made of windows from all parts of the text, and
/// llama-imatrix reads only one stretch.
[[nodiscard]] std::string imatrix_command(const std::string& model, const Domain& text,
                                          const std::string& matrix);

/// Where the user named a runtime that does not run GGUF: about the bits of `fix` in a format of
/// that runtime, by the tool that makes it. It is not measured: qualm does not make such files.
/// Else `fix` as it is. Precondition: fix.weights and fix.bytes are set.
[[nodiscard]] Fix in_format_of(const Given& given, Fix fix);

/// "tiny-Q4_K_M" of "tiny-Q2_K" and "Q4_K_M": the type at its end is replaced; never the same name.
[[nodiscard]] std::string named_as(const std::string& stem, const std::string& type);

/// "tiny-F16" of "models/tiny-F16.gguf"; the last folder's name of a folder.
[[nodiscard]] std::string stem_of(std::string path);

}  // namespace qualm::diagnose
