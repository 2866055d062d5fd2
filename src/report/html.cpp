#include "report/html.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "report/page_parts.h"

// The assembler includes the file as it is. QUALM_PAGE is its path.
__asm__(
    ".section .rodata\n"
    ".global qualm_page_begin\n"
    ".global qualm_page_end\n"
    "qualm_page_begin:\n"
    ".incbin \"" QUALM_PAGE
    "\"\n"
    "qualm_page_end:\n"
    ".byte 0\n"
    ".previous\n");
extern "C" {
extern const char qualm_page_begin;
extern const char qualm_page_end;
}

namespace qualm::report {
namespace {

constexpr std::string_view kPlace = R"(<script type="application/json" id="report">null</script>)";
constexpr std::string_view kNull = "null</script>";
constexpr std::string_view kTitle = "<title>qualm</title>";

/// JSON whose strings hold nothing that HTML or JavaScript reads as more than a character.
std::string as_script(const Json& document) {
  const std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = std::string_view(text).substr(i, 3);
    if (text[i] == '<') {
      out += "\\u003c";
    } else if (text[i] == '>') {
      out += "\\u003e";
    } else if (text[i] == '&') {
      out += "\\u0026";
    } else if (three == "\xE2\x80\xA8" || three == "\xE2\x80\xA9") {  // line ends of JavaScript
      out += three.back() == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string title_of(const Json& document) {
  constexpr std::size_t kLongest = 100;
  const std::string model = file_name(string_at(at(document, "model"), "path"));
  std::string title = model.empty() ? "" : model.substr(0, kLongest) + " - ";
  return title + "qualm " + string_at(document, "command");
}

void replace_first(std::string& page, std::string_view what, const std::string& by) {
  if (const auto place = page.find(what); place != std::string::npos)
    page.replace(place, what.size(), by);
}

}  // namespace

std::string_view empty_page() noexcept {
  return {&qualm_page_begin, static_cast<std::size_t>(&qualm_page_end - &qualm_page_begin)};
}

std::string html(const Json& document) {
  std::string page(empty_page());
  replace_first(page, kTitle, "<title>" + markup_escaped(title_of(document)) + "</title>");
  std::string element(kPlace.substr(0, kPlace.size() - kNull.size()));
  replace_first(page, kPlace, element + as_script(document) + "</script>");
  return page;
}

}  // namespace qualm::report
