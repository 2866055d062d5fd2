// Test vectors: the JSON files and the slices of published models in tests/data/vectors.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "codec/matrix.h"
#include "codec/part.h"
#include "model/checkpoint.h"

namespace qualm::test {

inline std::string vector_path(const std::string& name) {
  return QUALM_SOURCE_DIR "/tests/data/vectors/" + name;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline nlohmann::json read_vector(const std::string& name) {
  return nlohmann::json::parse(read_bytes(vector_path(name + ".json")));
}

inline std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

/// A part over bytes of its own.
inline codec::Part make_part(std::string name, codec::Dtype dtype, std::vector<std::int64_t> shape,
                             std::string bytes) {
  auto file = memory_file("parts", std::move(bytes));
  const auto view = file->bytes();
  return {std::move(name), dtype, std::move(shape), view, std::move(file)};
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// A part of a JSON vector's "tensors".
inline codec::Part vector_part(const nlohmann::json& vector, const std::string& name) {
  const auto& tensor = vector.at("tensors").at(name);
  return make_part(name, codec::dtype_from_name(tensor.at("dtype").get<std::string>()).value(),
                   tensor.at("shape").get<std::vector<std::int64_t>>(),
                   from_hex(tensor.at("le_bytes_hex").get<std::string>()));
}

/// A whole safetensors file of named parts, in the order given.
inline std::string safetensors_bytes(const std::vector<codec::Part>& parts) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const codec::Part& part : parts) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size());
    header[part.name] = {{"dtype", codec::dtype_name(part.dtype)},
                         {"shape", part.shape},
                         {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text + data;
}

/// The matrix of a JSON vector, [out][in], each decimal read back to its double.
inline std::vector<double> numbers(const nlohmann::json& rows) {
  std::vector<double> values;
  for (const auto& row : rows) {
    for (const auto& value : row) values.push_back(value.get<double>());
  }
  return values;
}

inline std::vector<float> decode_all(const model::TensorData& data, std::int64_t rows,
                                     std::int64_t length) {
  std::vector<float> out(static_cast<std::size_t>(rows * length));
  const auto done = data.rows(0, rows, out);
  EXPECT_TRUE(done.has_value()) << (done ? "" : describe(done.error()));
  return out;
}

/// One row at a time, and the middle rows in one go, give what the whole gives.
inline void expect_slices_agree(const model::TensorData& data, std::int64_t rows,
                                std::int64_t length, const std::vector<float>& all) {
  const auto check = [&](std::int64_t first, std::int64_t count) {
    std::vector<float> out(static_cast<std::size_t>(count * length));
    ASSERT_TRUE(data.rows(first, count, out).has_value());
    EXPECT_EQ(0, std::memcmp(out.data(), all.data() + first * length, out.size() * sizeof(float)))
        << "rows " << first << " + " << count;
  };
  check(0, 1);
  check(rows - 1, 1);
  check(rows / 3, rows - rows / 3);
}

inline void expect_same_bits(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(found[i]) == std::bit_cast<std::uint32_t>(expected[i]))
      continue;
    if (++different <= 3)
      ADD_FAILURE() << "element " << i << ": " << found[i] << ", expected " << expected[i];
  }
  EXPECT_EQ(different, 0u) << "of " << found.size();
}

/// A little-endian container of the published slices: magic, u32 fields, then the blobs.
class Slice {
 public:
  Slice(std::string bytes, std::size_t fields, std::size_t first_length)
      : bytes_(std::move(bytes)), first_length_(first_length), fields_(fields) {
    std::memcpy(fields_.data(), bytes_.data() + 4, 4 * fields);
  }
  [[nodiscard]] std::int64_t field(std::size_t i) const { return fields_.at(i); }
  /// Blob i, whose length is field first_length + i.
  [[nodiscard]] std::string blob(std::size_t i) const {
    std::size_t at = 4 + 4 * fields_.size();
    for (std::size_t b = 0; b < i; ++b) at += fields_.at(first_length_ + b);
    return bytes_.substr(at, fields_.at(first_length_ + i));
  }
  [[nodiscard]] std::vector<float> floats(std::size_t i) const {
    const std::string bytes = blob(i);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  void set_field_count(std::size_t count) { fields_.resize(count); }

 private:
  std::string bytes_;
  std::size_t first_length_;
  std::vector<std::uint32_t> fields_;
};

}  // namespace qualm::test
