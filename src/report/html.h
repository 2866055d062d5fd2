// A document as one page that opens from disk: the page of web/ with the document inside.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace qualm::report {

/// The page without a document: what `qualm serve` shows (web/dist/page.html).
[[nodiscard]] std::string_view empty_page() noexcept;

/// Any JSON value is accepted. Nothing in it can end the element that it stands in.
[[nodiscard]] std::string html(const nlohmann::ordered_json& document);

}  // namespace qualm::report
