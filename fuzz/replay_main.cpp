// A main() for fuzz targets where there is no libFuzzer.
//
//   fuzz_x PATH...                    runs every file (of every folder) once
//   fuzz_x --mutate SECONDS PATH...   then mutates them for that long
//
// Each input is copied to a heap block of exactly its size, so that ASan sees the first byte read
// too far. While mutating, the input at hand lies in ./fuzz-last-input, where a crash leaves it.
// Compiled with -fsanitize-coverage=trace-pc, inputs that reach new edges join the corpus in
// memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kEdges = 1 << 16;
constexpr std::size_t kLargest = 1 << 16;

std::array<std::uint8_t, kEdges> seen_before{};
std::array<std::uint8_t, kEdges> seen_now{};
std::uintptr_t previous = 0;

}  // namespace

/// Called by instrumented code at every edge.
extern "C" void __sanitizer_cov_trace_pc() {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  seen_now[(here ^ (previous << 1)) % kEdges] = 1;
  previous = here;
}

namespace {

using Input = std::string;

void run(const Input& input) {
  const auto exact = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), input.size());
}

/// Runs it and says whether it went where none before it went.
bool reaches_new_code(const Input& input) {
  seen_now.fill(0);
  previous = 0;
  run(input);
  bool is_new = false;
  for (std::size_t i = 0; i < kEdges; ++i) {
    is_new = is_new || (seen_now[i] != 0 && seen_before[i] == 0);
    seen_before[i] |= seen_now[i];
  }
  return is_new;
}

std::vector<Input> load(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (std::filesystem::is_directory(path)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
        if (entry.is_regular_file()) files.push_back(entry.path());
    } else {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  Input mutate(const std::vector<Input>& corpus) {
    Input input = pick(corpus);
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(input, corpus);
    input.resize(std::min(input.size(), kLargest));
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const Input& pick(const std::vector<Input>& corpus) { return corpus[below(corpus.size())]; }

  void change(Input& input, const std::vector<Input>& corpus) {
    const std::size_t at = below(input.size());
    switch (below(7)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(random_());
        return;
      case 1:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        return;
      case 2:
        return overwrite(input, at);
      case 3:
        input.erase(at, 1 + below(16));
        return;
      case 4:
        input.insert(at, 1 + below(16), static_cast<char>(random_()));
        return;
      case 5: {
        const Input& other = pick(corpus);
        const std::size_t from = below(other.size());
        input.insert(at, other, from, 1 + below(64));
        return;
      }
      default:
        input.resize(at);
    }
  }

  /// A number that readers get wrong, in one of the usual widths.
  void overwrite(Input& input, std::size_t at) {
    constexpr std::array<std::uint64_t, 12> kNumbers = {0,
                                                        1,
                                                        2,
                                                        31,
                                                        32,
                                                        255,
                                                        65535,
                                                        0x7fffffff,
                                                        0xffffffff,
                                                        0x7fffffffffffffff,
                                                        0x8000000000000000,
                                                        0xffffffffffffffff};
    const std::uint64_t number = kNumbers[below(kNumbers.size())];
    const std::size_t width = std::size_t{1} << below(4);
    if (at + width <= input.size()) std::memcpy(input.data() + at, &number, width);
  }

  std::mt19937_64 random_;
};

/// The input at hand, in a file that outlives a crash.
class LastInput {
 public:
  LastInput() : fd_(::open(kPath, O_RDWR | O_CREAT | O_TRUNC, 0644)) {
    if (fd_ < 0 || ::ftruncate(fd_, kLargest) != 0) return;
    void* memory = ::mmap(nullptr, kLargest, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (memory != MAP_FAILED) memory_ = static_cast<char*>(memory);
  }
  LastInput(const LastInput&) = delete;
  LastInput& operator=(const LastInput&) = delete;
  ~LastInput() {
    if (memory_ != nullptr) ::munmap(memory_, kLargest);
    if (fd_ >= 0) ::close(fd_);
    ::unlink(kPath);
  }
  void keep(const Input& input) {
    if (memory_ == nullptr) return;
    std::memset(memory_, 0, kLargest);
    std::memcpy(memory_, input.data(), input.size());
  }

 private:
  static constexpr const char* kPath = "fuzz-last-input";
  int fd_;
  char* memory_ = nullptr;
};

void mutate_for(std::chrono::seconds time, std::vector<Input> corpus, unsigned seed) {
  Mutator mutator(seed);
  LastInput last;
  for (const Input& input : corpus) reaches_new_code(input);
  const std::size_t given = corpus.size();
  std::uint64_t runs = 0;
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    Input input = mutator.mutate(corpus);
    last.keep(input);
    ++runs;
    if (reaches_new_code(input)) corpus.push_back(std::move(input));
  }
  std::printf("%llu mutated inputs, %zu of them reached new code\n",
              static_cast<unsigned long long>(runs), corpus.size() - given);
}

}  // namespace

int main(int argc, char** argv) {
  std::chrono::seconds time{0};
  std::vector<std::filesystem::path> paths;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--mutate" && i + 1 < argc) {
      time = std::chrono::seconds(std::atoi(argv[++i]));
    } else {
      paths.emplace_back(argv[i]);
    }
  }
  const std::vector<Input> inputs = load(paths);
  if (inputs.empty()) {
    std::fprintf(stderr, "usage: %s [--mutate SECONDS] FILE|FOLDER...\n", argv[0]);
    return 2;
  }
  for (const Input& input : inputs) run(input);
  std::printf("%zu inputs replayed\n", inputs.size());
  if (time.count() > 0) mutate_for(time, inputs, std::random_device{}());
  return 0;
}
