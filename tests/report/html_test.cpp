#include "report/html.h"

#include <gtest/gtest.h>

#include "report/document.h"
#include "report/junit.h"
#include "report/sample_reports.h"

namespace qualm::report {
namespace {

constexpr std::string_view kOpen = R"(<script type="application/json" id="report">)";

/// What stands in the page's element, as a browser cuts it out.
std::string embedded(const std::string& page) {
  const auto begin = page.find(kOpen) + kOpen.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

TEST(Html, holds_the_document_unchanged) {
  for (const Json& document :
       {to_json(testing::diagnose_sample()), to_json(testing::inspect_hostile()),
        to_json(testing::error_sample())})
    EXPECT_EQ(Json::parse(embedded(html(document))),
              Json::parse(document.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

TEST(Html, nothing_in_a_document_ends_its_element) {
  Json document{{"command", "diagnose"}};
  document["model"]["path"] = "</script><script>alert(1)</script><!-- \xE2\x80\xA8 & \xFF";
  const std::string page = html(document);
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(embedded(page).find_first_of("<>&"), std::string::npos);
  EXPECT_NE(page.find("&lt;!--"), std::string::npos);  // the title
}

TEST(Html, the_page_has_its_place_once) {
  const std::string_view page = empty_page();
  const auto place = page.find(kOpen);
  ASSERT_NE(place, std::string_view::npos);
  EXPECT_EQ(page.find(kOpen, place + 1), std::string_view::npos);
  EXPECT_EQ(page.substr(place + kOpen.size(), 4), "null");
}

TEST(JUnit, has_a_case_for_each_check_and_one_for_the_verdict) {
  const std::string xml = junit(to_json(testing::diagnose_sample()));
  EXPECT_NE(xml.find("tests=\"7\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"verdict\">\n      <failure message=\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("failures=\"3\""), std::string::npos) << xml;
  EXPECT_NE(junit(to_json(testing::diagnose_by_pack())).find("<skipped"), std::string::npos);
}

TEST(JUnit, a_healthy_model_fails_nothing_and_what_cannot_be_told_is_an_error) {
  EXPECT_NE(junit(to_json(testing::diagnose_healthy())).find("failures=\"0\""), std::string::npos);
  const std::string xml = junit(to_json(testing::diagnose_file_only()));
  EXPECT_NE(xml.find("failures=\"0\" errors=\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<error message="), std::string::npos) << xml;
  EXPECT_NE(junit(to_json(testing::error_sample())).find("errors=\"1\""), std::string::npos);
}

TEST(JUnit, gates_and_lost_positions_are_cases) {
  const std::string xml = junit(to_json(testing::measure_sample()));
  EXPECT_NE(xml.find(": finite logits"), std::string::npos) << xml;
  EXPECT_NE(xml.find(": not "), std::string::npos) << xml;
}

TEST(JUnit, text_from_files_is_text) {
  Json document{{"command", "diagnose"}, {"summary", "a\"b<c>&\x01"}, {"verdict", "problem"}};
  document["model"]["path"] = "<x y='\"'>\x1b[31m";
  const std::string xml = junit(document);
  EXPECT_EQ(xml.find("<x"), std::string::npos);
  EXPECT_NE(xml.find("a&quot;b&lt;c&gt;&amp;"), std::string::npos) << xml;
  for (const char c : xml) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace
}  // namespace qualm::report
