#include "terrazzo/io/block_table.hpp"

#include <utility>

#include "terrazzo/io/varint.hpp"

namespace terrazzo::io {

void BlockTable::append(const BlockPlace& place) {
  if (count_ % group == 0) {
    starts_.push_back(packed_.size());
    expected_ = 0;
  }
  put_varint(packed_, place.size);
  if (place.size != 0) {
    put_varint(packed_, zigzag(place.offset - expected_));
    expected_ = place.offset + place.size;
  }
  ++count_;
}

BlockPlace BlockTable::Reader::next() {
  BlockPlace place;
  place.size = take_varint(rest);
  if (place.size == 0) return place;
  place.offset = expected + unzigzag(take_varint(rest));
  expected = place.offset + place.size;
  return place;
}

BlockTable BlockTable::unpacked(std::vector<std::byte> packed, std::size_t count,
                                std::uint64_t file_size) {
  BlockTable table;
  table.packed_ = std::move(packed);
  if (count > table.packed_.size())
    throw failure(ErrorKind::corrupt_data, "{} packed places cannot have {} bytes", count,
                  table.packed_.size());
  Reader reader{table.packed_};
  for (; table.count_ < count; ++table.count_) {
    if (table.count_ % group == 0) {
      table.starts_.push_back(table.packed_.size() - reader.rest.size());
      reader.expected = 0;
    }
    const BlockPlace place = reader.next();
    if (place.offset > file_size || place.size > file_size - place.offset)
      throw failure(ErrorKind::corrupt_data,
                    "packed place {} is not in a file of {} bytes", table.count_,
                    file_size);
  }
  if (!reader.rest.empty())
    throw failure(ErrorKind::corrupt_data, "bytes follow the packed places");
  return table;
}

BlockPlace BlockTable::at(std::size_t index) const {
  if (index >= count_)
    throw failure(ErrorKind::internal, "there is no block {} of {}", index, count_);
  Reader reader{std::span{packed_}.subspan(starts_[index / group])};
  for (std::size_t before = index % group; before > 0; --before) reader.next();
  return reader.next();
}

}  // namespace terrazzo::io
