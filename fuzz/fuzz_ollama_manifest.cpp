// Any bytes at all as a manifest of Ollama, as its parameters, and as a name.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "locate/names.h"
#include "locate/ollama.h"
#include "support.h"

using namespace qualm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto layers = locate::parse_manifest(text, "manifest");
  if (!layers) fuzz::demand_code(layers.error());
  if (layers)
    for (const locate::Layer& layer : *layers)
      fuzz::demand(layer.digest.size() == 71 && layer.digest.find('/') == std::string::npos,
                   "a layer is a plain name of a file");
  locate::Overrides overrides;
  if (const auto read = locate::parse_parameters(text, "parameters", overrides); !read)
    fuzz::demand_code(read.error());
  fuzz::demand(!overrides.num_ctx || *overrides.num_ctx >= 0, "a context is no less than 0");
  for (const char* prefix : {"hf:", "lms:"})
    if (const auto name = locate::parse_repo(prefix + std::string(text)))
      fuzz::demand(name->repo != ".." && name->org.find('/') == std::string::npos &&
                       ("/" + name->file + "/").find("/../") == std::string::npos,
                   "a name leads nowhere else");
  if (const auto name = locate::parse_ollama("ollama:" + std::string(text)))
    fuzz::demand(locate::is_plain_part(name->model), "a model is a plain name");
  return 0;
}
