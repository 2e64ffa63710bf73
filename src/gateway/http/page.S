// Embeds the web page: linnet_page_begin to linnet_page_end are the bytes of LINNET_PAGE_FILE.
  .section .rodata
  .global linnet_page_begin
  .global linnet_page_end
linnet_page_begin:
  .incbin LINNET_PAGE_FILE
linnet_page_end:
  .byte 0
  .section .note.GNU-stack,"",%progbits
