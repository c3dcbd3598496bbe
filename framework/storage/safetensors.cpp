#include "storage/safetensors.hpp"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "dha/error.hpp"
#include "storage/atomic_file.hpp"
#include "storage/io_error.hpp"
#include "storage/safetensors_header.hpp"

namespace dha {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

namespace {

// An open file whose reads come whole or throw.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path) : path_(path) {
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw_io_error("read", path_, errno);
    struct stat status {};
    const int error_number = fstat(descriptor_, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (error_number != 0) {
      close(descriptor_);
      throw_io_error("read", path_, error_number);
    }
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~InputFile() { close(descriptor_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  uint64_t size() const { return size_; }

  void read(void* data, uint64_t size) {
    char* position = static_cast<char*>(data);
    while (size > 0) {
      const ssize_t got = ::read(descriptor_, position, std::min<uint64_t>(size, uint64_t{1} << 30));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw_io_error("read", path_, errno);
      if (got == 0) throw Error(ErrorCode::kData, "it ends early");
      position += got;
      size -= static_cast<uint64_t>(got);
    }
  }

 private:
  std::filesystem::path path_;
  int descriptor_;
  uint64_t size_ = 0;
};

SafetensorsHeader read_header(InputFile& input) {
  uint64_t length = 0;
  if (input.size() < sizeof length)
    throw Error(ErrorCode::kData,
                fmt::format("it has {} bytes, fewer than the 8 of its header's length", input.size()));
  input.read(&length, sizeof length);
  const uint64_t rest = input.size() - sizeof length;
  if (length > kLongestSafetensorsHeader || length > rest)
    throw Error(ErrorCode::kData, fmt::format("its header claims {} bytes, but {} follow and {} is the limit", length,
                                              rest, kLongestSafetensorsHeader));
  std::string text(length, '\0');
  input.read(text.data(), length);
  return parse_safetensors_header(text, rest - length);
}

at::Tensor read_tensor(InputFile& input, const SafetensorsEntry& entry) {
  at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.type).device(at::kCPU));
  const uint64_t size = entry.end - entry.begin;
  if (size == 0) return tensor;
  uint8_t* data = static_cast<uint8_t*>(tensor.mutable_data_ptr());
  input.read(data, size);
  // A bool that is neither 0 nor 1 is undefined behaviour for whoever reads it.
  if (entry.type == c10::ScalarType::Bool && std::any_of(data, data + size, [](uint8_t byte) { return byte > 1; }))
    throw Error(ErrorCode::kData, "a tensor of booleans has values other than 0 and 1");
  return tensor;
}

// Gives what `read` throws the file's name.
template <class Read>
auto with_file_name(const std::filesystem::path& file, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kData) throw;
    throw Error(ErrorCode::kData,
                fmt::format("'{}' is not a complete safetensors file: {}; write it again or use another", file.string(),
                            error.what()));
  } catch (const c10::Error&) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read '{}': its tensors do not fit in memory", file.string()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read '{}': its tensors do not fit in memory", file.string()));
  }
}

}  // namespace

void save_safetensors(const std::filesystem::path& file, const SafetensorsFile& content) {
  SafetensorsHeader header;
  header.metadata = content.metadata;
  for (const auto& [name, tensor] : content.tensors) {
    if (!tensor.defined() || tensor.layout() != at::kStrided)
      throw Error(ErrorCode::kContractViolation,
                  fmt::format("tensor '{}' for '{}' is undefined or sparse; leave it out or make it dense", name,
                              file.string()));
    header.entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec(), 0, 0});
  }
  place_safetensors(header.entries);
  const std::string text = format_safetensors_header(header);
  const uint64_t length = text.size();

  AtomicFileWriter writer(file);
  writer.write(&length, sizeof length);
  writer.write(text);
  for (const SafetensorsEntry& entry : header.entries) {
    const at::Tensor tensor =
        content.tensors.at(entry.name).detach().to(at::kCPU).contiguous().resolve_conj().resolve_neg();
    writer.write(tensor.const_data_ptr(), tensor.nbytes());
  }
  writer.commit();
}

SafetensorsFile load_safetensors(const std::filesystem::path& file) {
  InputFile input(file);
  return with_file_name(file, [&] {
    SafetensorsHeader header = read_header(input);
    SafetensorsFile content;
    content.metadata = std::move(header.metadata);
    for (const SafetensorsEntry& entry : header.entries) content.tensors.emplace(entry.name, read_tensor(input, entry));
    return content;
  });
}

std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& file) {
  InputFile input(file);
  return with_file_name(file, [&] { return read_header(input).metadata; });
}

}  // namespace dha
