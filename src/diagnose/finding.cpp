#include "diagnose/finding.h"

namespace qualm::diagnose {

std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::cause:
      return "cause";
    case Status::contributes:
      return "contributes";
    case Status::cleared:
      return "cleared";
    case Status::not_examined:
      return "not_examined";
    case Status::cannot_tell:
      return "cannot_tell";
  }
  return "not_examined";
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::healthy:
      return "healthy";
    case Verdict::problem:
      return "problem";
    case Verdict::none_found:
      return "none_found";
    case Verdict::cannot_tell:
      return "cannot_tell";
  }
  return "cannot_tell";
}

std::string_view to_string(Grade grade) noexcept {
  switch (grade) {
    case Grade::lossless:
      return "lossless";
    case Grade::very_small:
      return "very small";
    case Grade::small:
      return "small";
    case Grade::noticeable:
      return "noticeable";
    case Grade::large:
      return "large";
    case Grade::broken:
      break;
  }
  return "broken";
}

Evidence fact(const std::string& name, const std::string& says) {
  return {name, std::nullopt, "", says};
}

}  // namespace qualm::diagnose
