#include "report/status_word.h"

#include "diagnose/checks.h"

namespace qualm::report {

Cell status_word(std::string_view check, std::string_view status, Sure sure) {
  const bool files = check == row_of(diagnose::CheckId::not_quant).name;
  const char* cause = sure == Sure::likely ? "LIKELY" : "CAUSE";
  if (status == "cause") return {files ? "NO" : cause, Tone::bad};
  if (status == "contributes") return {files ? "NO" : "CONTRIBUTES", Tone::warning};
  if (status == "cleared") return {files ? "OK" : "cleared", Tone::good};
  if (status == "cannot_tell") return {"cannot tell", Tone::dim};
  return {"not examined", Tone::dim};
}

}  // namespace qualm::report
