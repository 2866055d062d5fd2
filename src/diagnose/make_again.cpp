// The remedy where the weights or the file are not to be trusted: the original in the same type.
#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "diagnose/checks.h"
#include "diagnose/facts.h"
#include "diagnose/remedy_command.h"

namespace qualm::diagnose {

Known<std::optional<Fix>> make_again(const Facts& facts) {
  const Given& given = facts.given;
  if (!facts.has_original()) return std::nullopt;
  const std::string type = own_type(*given.candidate);
  Fix fix{.name = fmt::format("a {} made again from the original", type),
          .weights = experiment::requantized(type)};
  const GgufOriginal source = gguf_original(given);
  const std::string made = fmt::format("{}-{}.gguf", stem_of(given.baseline_path), type);
  fix.command =
      fmt::format("{}llama-quantize {} {} {}", source.make, source.path, shell_word(made), type);
  QUALM_TRY(fix.bytes, facts.model_bytes(*fix.weights));
  fix.effect = format_bytes(fix.bytes.value_or(0));
  return fix;
}

}  // namespace qualm::diagnose
