// What a server adds to the loss of the file that it runs.
#pragma once

#include "diagnose/checks.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Evidence of check 0; a fault where the server alone carries the loss over what is acceptable.
[[nodiscard]] Known<void> add_server(const Facts& facts, Finding& finding);

/// What it adds is told in the line of check 0, too.
void add_server_to_headline(Finding& finding);

/// A check where nothing but the server's answers is known (Facts::served_alone): how much is lost,
/// not by what.
[[nodiscard]] Known<Finding> check_server(CheckId id, const Facts& facts);

}  // namespace qualm::diagnose
