// The figures llama-perplexity printed: tests/data/reference/llama-perplexity.txt.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/program.h"

namespace qualm::test {

/// The number after `label` in the section of `tier`.
inline double golden(const std::string& tier, const std::string& label) {
  static const std::string all = contents(source_file("tests/data/reference/llama-perplexity.txt"));
  const auto section = all.find("## " + tier + ",");
  const auto line = all.find("\n" + label, section);
  EXPECT_NE(line, std::string::npos) << label;
  return std::stod(all.substr(all.find(':', line) + 1, 20));
}

}  // namespace qualm::test
