// bin/qualm of the packages (tools/package.sh): starts lib/qualm/qualm with the loader and the
// libraries beside it, whatever the system has. It is linked statically.
#include <sys/auxv.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

int main(int, char** argv) {
  // Not /proc/self/exe: there may be no /proc.
  const auto* started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  char self[PATH_MAX];
  if (started == nullptr || ::realpath(started, self) == nullptr) {
    std::perror("qualm: cannot find its own folder");
    return 2;
  }
  const std::string path = self;
  const std::string libs = path.substr(0, path.rfind("/bin/")) + "/lib/qualm";
  const std::string backends = libs + "/backends";
  if (::access(backends.c_str(), F_OK) == 0) ::setenv("QUALM_GGML_BACKENDS", backends.c_str(), 0);

  const std::string loader = libs + "/ld.so";
  const std::string program = libs + "/qualm";
  // With this name qualm starts its child processes through the launcher, and finds its data.
  std::vector<const char*> words{loader.c_str(), "--library-path", libs.c_str(), "--argv0",
                                 self,           program.c_str()};
  while (*++argv != nullptr) words.push_back(*argv);
  words.push_back(nullptr);
  ::execv(loader.c_str(), const_cast<char**>(words.data()));
  std::perror(loader.c_str());
  return 2;
}
