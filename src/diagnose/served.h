// What a server adds to the loss of the file that it runs.
#pragma once

#include "diagnose/checks.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Evidence of check 0; a fault where the server alone carries the loss over what is acceptable.
[[nodiscard]] Known<void> add_server(const Facts& facts, Finding& finding);

/// The verdict is on the file as the server runs it: size and side of the limit. Where the server's
/// fewer positions leave the side open and it adds certainly less than kLeastServerShare, the
/// file's side stays. Nothing without a server.
[[nodiscard]] Known<void> take_served_loss(const Facts& facts, Loss& loss);

/// What it adds is told in the line of check 0, too.
void add_server_to_headline(Finding& finding);

/// A check where nothing but the server's answers is known (Facts::served_alone): how much is lost,
/// not by what.
[[nodiscard]] Known<Finding> check_server(CheckId id, const Facts& facts);

}  // namespace qualm::diagnose
