#include "report/junit.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

enum class Outcome { passed, failed, error, skipped };

struct TestCase {
  std::string name;
  Outcome outcome = Outcome::passed;
  std::string says;
};

struct Suite {
  std::string name;
  double seconds = 0;
  std::vector<TestCase> cases;
};

Outcome of_check(const std::string& status) {
  if (status == "cause" || status == "contributes") return Outcome::failed;
  if (status == "cannot_tell") return Outcome::error;
  return status == "cleared" ? Outcome::passed : Outcome::skipped;
}

/// The verdict comes first: a loss may be over the line without a cause that is certain.
Outcome of_verdict(const std::string& verdict) {
  if (verdict == "problem") return Outcome::failed;
  return verdict == "healthy" ? Outcome::passed : Outcome::error;
}

Suite of_diagnose(const Json& document) {
  Suite suite{string_at(at(document, "model"), "path"),
              number_at(at(document, "spent"), "seconds").value_or(0),
              {}};
  suite.cases.push_back(
      {"verdict", of_verdict(string_at(document, "verdict")), string_at(document, "summary")});
  for (const Json& check : at(document, "checks"))
    suite.cases.push_back({string_at(check, "title"), of_check(string_at(check, "status")),
                           string_at(check, "headline")});
  return suite;
}

Outcome of_gate(const std::string& outcome) {
  if (outcome == "holds" || outcome == "lost") return Outcome::failed;
  return outcome == "does_not_hold" ? Outcome::passed : Outcome::error;
}

Suite of_measure(const Json& document) {
  Suite suite{"qualm measure", 0, {}};
  for (const Json& result : at(document, "results")) {
    const auto lost = integer_at(result, "positions_lost");
    const Json& kld = at(at(result, "metrics"), "kld_mean");
    suite.cases.push_back({string_at(at(result, "candidate"), "path") + ": finite logits",
                           lost > 0 ? Outcome::failed : Outcome::passed,
                           lost > 0 ? fmt::format("{} positions without finite logits", lost)
                                    : "KLD " + metric_cell("kld_mean", kld).text});
  }
  for (const Json& gate : at(document, "gates"))
    suite.cases.push_back({string_at(gate, "candidate") + ": not " + string_at(gate, "condition"),
                           of_gate(string_at(gate, "outcome")), string_at(gate, "outcome")});
  return suite;
}

Suite of_cases(const Json& document, const char* list, const char* name) {
  Suite suite{
      "qualm " + string_at(document, "command"), number_at(document, "seconds").value_or(0), {}};
  for (const Json& one : at(document, list))
    suite.cases.push_back({string_at(one, name),
                           flag_at(one, "right") ? Outcome::passed : Outcome::failed,
                           "found: " + string_at(one, "found")});
  return suite;
}

Suite of_inspect(const Json& document) {
  Suite suite{string_at(at(document, "model"), "path"), 0, {}};
  const Json& integrity = at(document, "integrity");
  const std::string status = string_at(integrity, "status");
  TestCase whole{"integrity",
                 status == "whole"     ? Outcome::passed
                 : status == "damaged" ? Outcome::failed
                                       : Outcome::skipped,
                 status == "not_examined" ? "not examined: --verify" : ""};
  for (const Json& finding : at(integrity, "findings"))
    whole.says += (whole.says.empty() ? "" : "; ") + string_at(finding, "place") + ": " +
                  string_at(finding, "says");
  suite.cases.push_back(std::move(whole));
  return suite;
}

Suite suite_of(const Json& document) {
  if (const Json& error = at(document, "error"); error.is_object())
    return {"qualm " + string_at(document, "command"),
            0,
            {{string_at(error, "code"), Outcome::error, string_at(error, "message")}}};
  const std::string command = string_at(document, "command");
  if (command == "diagnose") return of_diagnose(document);
  if (command == "measure") return of_measure(document);
  if (command == "inspect") return of_inspect(document);
  if (command == "clinic" || command == "demo")
    return of_cases(document, "patients", command == "clinic" ? "name" : "title");
  return {"qualm " + command, 0, {{command, Outcome::passed, ""}}};
}

std::string to_xml(const TestCase& one, const Suite& suite) {
  const std::string open = fmt::format("    <testcase classname=\"{}\" name=\"{}\"",
                                       markup_escaped(suite.name), markup_escaped(one.name));
  const std::string says = markup_escaped(one.says);
  switch (one.outcome) {
    case Outcome::passed:
      return says.empty()
                 ? open + "/>\n"
                 : open + ">\n      <system-out>" + says + "</system-out>\n    </testcase>\n";
    case Outcome::skipped:
      return open + ">\n      <skipped message=\"" + says + "\"/>\n    </testcase>\n";
    case Outcome::failed:
      return open + ">\n      <failure message=\"" + says + "\"/>\n    </testcase>\n";
    case Outcome::error:
      break;
  }
  return open + ">\n      <error message=\"" + says + "\"/>\n    </testcase>\n";
}

}  // namespace

std::string junit(const Json& document) {
  const Suite suite = suite_of(document);
  const auto count = [&](Outcome outcome) {
    return std::ranges::count(suite.cases, outcome, &TestCase::outcome);
  };
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\">\n",
      markup_escaped(suite.name), suite.cases.size(), count(Outcome::failed), count(Outcome::error),
      count(Outcome::skipped), suite.seconds);
  for (const TestCase& one : suite.cases) out += to_xml(one, suite);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace qualm::report
