// Every word that a screen prints is explained, in any letter case.
#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "report/document.h"
#include "report/page.h"
#include "report/sample_reports.h"

namespace qualm::report::testing {
namespace {

using ::testing::HasSubstr;

/// Headings of columns, ids of risks, names of evidence and words in capitals.
std::set<std::string> words_of(const Page& page) {
  std::set<std::string> words;
  const auto add_capitals = [&](const std::string& text) {
    if (text.find_first_of("abcdefghijklmnopqrstuvwxyz:0123456789") == std::string::npos)
      words.insert(text);
  };
  for (const Block& block : page) {
    if (const auto* paragraph = std::get_if<Paragraph>(&block))
      for (const Cell& cell : paragraph->cells) add_capitals(cell.text);
    const auto* table = std::get_if<Table>(&block);
    if (!table) continue;
    const bool keyed = !table->headed && (table->columns.front().heading == "Risk" ||
                                          table->columns.front().heading == "Figure");
    for (const Column& column : table->columns)
      if (table->headed) words.insert(column.heading);
    for (const auto& row : table->rows) {
      if (keyed) words.insert(row.front().text);
      for (const Cell& cell : row) add_capitals(cell.text);
    }
  }
  words.erase("");
  words.erase("-");
  return words;
}

TEST(Explain, knows_every_word_of_the_sample_reports) {
  std::set<std::string> words;
  for (const Json& document :
       {to_json(measure_sample()), to_json(measure_cache_grid()), to_json(diagnose_sample()),
        to_json(diagnose_healthy()), to_json(diagnose_symptom()), to_json(diagnose_class()),
        to_json(diagnose_cache()), to_json(inspect_sample()), to_json(inspect_hostile()),
        to_json(compare_sample()), to_json(demo_sample()), to_json(clinic_sample())})
    words.merge(words_of(compose(document, true)));
  EXPECT_GT(words.size(), 60U);
  for (const std::string& word : words) EXPECT_TRUE(explain(word)) << word;
}

TEST(Explain, takes_any_letter_case_and_blanks_for_underscores) {
  for (const char* word : {"KLD",
                           "kld",
                           "OK",
                           "NO",
                           "CAUSE",
                           "PROBLEM",
                           "HEALTHY",
                           "alpha",
                           "SQNR",
                           "perplexity",
                           "below_floor",
                           "worse",
                           "Perplexity Change",
                           "same top token",
                           "cannot tell",
                           "gguf-004",
                           "q4_k_m",
                           "Q8_0",
                           "KV_CACHE",
                           "Quant type too aggressive",
                           "RTN",
                           "noise floor"})
    EXPECT_TRUE(explain(word)) << word;
  EXPECT_FALSE(explain("frobnicate"));
  EXPECT_FALSE(explain("kl"));
}

TEST(Explain, a_family_of_names_is_asked_for_only_where_no_word_has_the_name) {
  EXPECT_THAT(*explain("kld_mean_code"), HasSubstr("kld_mean_*"));
  EXPECT_THAT(*explain("kld_mean"), ::testing::Not(HasSubstr("kld_mean_*")));
}

TEST(Explain, the_words_of_a_report_are_those_that_stand_in_it) {
  const std::string words = explain_words_of("Cleared; KLD 0.06, same top token 90 %");
  EXPECT_THAT(words, HasSubstr("kld_mean"));
  EXPECT_THAT(words, HasSubstr("cleared"));
  EXPECT_THAT(words, HasSubstr("same_top"));
  EXPECT_THAT(words, ::testing::Not(HasSubstr("contributes")));
  EXPECT_EQ(explain_words_of("xKLDx"), "");
}

}  // namespace
}  // namespace qualm::report::testing
